//! A condition in CEL. It is compiled as it is read, and only what is sure to end soon is taken: CEL
//! has no loops but those over a list or map, and these may be nested twice at most.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Context, Env, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::comparisons::{self, Infinite};

const MOST_BYTES: usize = 2_000;
const DEEPEST: usize = 60;
const DEEPEST_LOOPS: usize = 2;

/// What a condition may speak of.
pub const VARIABLES: [&str; 13] = [
    "approvals",
    "evaluations",
    "logged_model",
    "metrics",
    "model",
    "now_ms",
    "params",
    "production",
    "run",
    "signature",
    "tags",
    "target",
    "version",
];

/// The names of types are values too, in CEL.
const TYPES: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "uint",
];

const FUNCTIONS: [&str; 14] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "dyn",
    "endsWith",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "type",
    "uint",
    "in",
];

static ENVIRONMENT: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// A condition in CEL, the Common Expression Language: true or false, at most 2000 bytes.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Expression {
    text: String,
    /// The condition with its comparisons guarded.
    guarded: Arc<IdedExpr>,
    mentions: Arc<BTreeSet<String>>,
}

impl Expression {
    /// The variables that the condition speaks of. Where it speaks of nothing but a field of one, it
    /// is `variable.field`.
    pub fn mentions(&self) -> impl Iterator<Item = &String> {
        self.mentions.iter()
    }

    /// Whether the condition holds; why it cannot be said, where it cannot.
    pub fn holds(&self, context: &Context) -> Result<bool, String> {
        match Value::resolve(&self.guarded, context) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("it came to {}, not to true or false", kind(&other))),
            Err(error) => Err(shortened(&error.to_string())),
        }
    }
}

/// What conditions are evaluated in.
pub fn context<'v>(infinite: Infinite) -> Result<Context<'static, 'v>, String> {
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    comparisons::add_guards(&mut context, infinite)?;
    Ok(context)
}

impl TryFrom<String> for Expression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() > MOST_BYTES {
            return Err(format!("an expression has at most {MOST_BYTES} bytes"));
        }
        let program = ENVIRONMENT.compile(&text).map_err(|errors| {
            errors.errors.first().map_or_else(
                || "not an expression".to_owned(),
                |error| {
                    if error.msg.contains("Recursion limit") {
                        return "the expression is nested too deeply".to_owned();
                    }
                    let (line, column) = error.pos;
                    format!(
                        "the expression, at its line {line}, column {column}: {}",
                        shortened(&error.msg)
                    )
                },
            )
        })?;
        let mut walk = Walk::default();
        walk.walk(program.expression())?;
        let mentions = Arc::new(walk.mentions);
        Ok(Self {
            text,
            guarded: Arc::new(comparisons::guarded(program.expression())),
            mentions,
        })
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(formatter)
    }
}

/// Goes through an expression and looks for what is not there and for what may take too long.
#[derive(Default)]
struct Walk<'e> {
    scope: Vec<&'e str>,
    depth: usize,
    loops: usize,
    mentions: BTreeSet<String>,
}

impl<'e> Walk<'e> {
    fn walk(&mut self, node: &'e IdedExpr) -> Result<(), String> {
        if self.depth == DEEPEST {
            return Err(format!("the expression is nested more than {DEEPEST} deep"));
        }
        self.depth += 1;
        let result = self.visit(&node.expr);
        self.depth -= 1;
        result
    }

    fn visit(&mut self, expression: &'e Expr) -> Result<(), String> {
        match expression {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => {
                self.mentions.insert(name.clone());
                self.check_variable(name)
            }
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(name) => {
                    self.mentions.insert(format!("{name}.{}", select.field));
                    // Of a variable that may hold anything, its fields are parts of it.
                    if name != "version" {
                        self.mentions.insert(name.clone());
                    }
                    self.check_variable(name)
                }
                _ => self.walk(&select.operand),
            },
            Expr::List(list) => self.all(&list.elements),
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                let is_operator = name.contains(|letter: char| !letter.is_ascii_alphanumeric());
                if !is_operator && !FUNCTIONS.contains(&name) {
                    return Err(format!(
                        "the expression calls {name}(), which does not exist"
                    ));
                }
                if let Some(target) = &call.target {
                    self.walk(target)?;
                }
                self.all(&call.args)
            }
            Expr::Map(map) => map
                .entries
                .iter()
                .try_for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(_) => {
                Err("the expression makes a message, which is not supported".to_owned())
            }
            Expr::Comprehension(comprehension) => {
                self.walk(&comprehension.iter_range)?;
                self.walk(&comprehension.accu_init)?;
                let before = self.scope.len();
                self.scope.push(&comprehension.accu_var);
                self.scope.push(&comprehension.iter_var);
                self.scope.extend(comprehension.iter_var2.as_deref());
                self.loops += 1;
                if self.loops > DEEPEST_LOOPS {
                    return Err(format!(
                        "the expression nests more than {DEEPEST_LOOPS} of all(), exists(), map() and filter()"
                    ));
                }
                self.walk(&comprehension.loop_cond)?;
                self.walk(&comprehension.loop_step)?;
                self.walk(&comprehension.result)?;
                self.loops -= 1;
                self.scope.truncate(before);
                Ok(())
            }
        }
    }

    fn entry(&mut self, entry: &'e EntryExpr) -> Result<(), String> {
        match entry {
            EntryExpr::StructField(field) => self.walk(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.walk(&entry.key)?;
                self.walk(&entry.value)
            }
        }
    }

    fn all(&mut self, nodes: &'e [IdedExpr]) -> Result<(), String> {
        nodes.iter().try_for_each(|node| self.walk(node))
    }

    fn check_variable(&self, name: &str) -> Result<(), String> {
        if self.scope.contains(&name) || VARIABLES.contains(&name) || TYPES.contains(&name) {
            Ok(())
        } else {
            Err(format!(
                "the expression speaks of '{name}', which does not exist; there are {}",
                VARIABLES.join(", ")
            ))
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "a number",
        Value::String(_) => "a text",
        Value::Null => "null",
        _ => "something else",
    }
}

/// The first line of a text, and not more than a reader wants of it.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.char_indices()
        .nth(200)
        .map_or_else(|| line.to_owned(), |(end, _)| format!("{}…", &line[..end]))
}
