//! Guards for the comparisons of conditions. CEL compares as IEEE 754 says, by which NaN is different from every number:
//! `metrics.loss != 0.0` would hold for a model that diverged, and so would the negation of any comparison that does not
//! hold. Here a comparison with NaN has no outcome, like one with a metric that is missing, and a rule without an outcome
//! is not met. The same goes for infinite numbers, unless a rule allows them, and for what the server does not know.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, operators};
use cel::{Context, ExecutionError, Value};

use super::values::is_finite;

/// Guards a value that is compared, with what is in it.
const COMPARED: &str = "flowkeep_compared";
/// Guards a value that is null where nobody knows it.
const KNOWN: &str = "flowkeep_known";
/// Guards the list that a value is looked for in. The keys of a map are no numbers.
const SEARCHED: &str = "flowkeep_searched";

const ORDERS: [&str; 4] = [
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
];

/// They make something of a number that can be compared in its place.
const CONVERSIONS: [&str; 3] = ["int", "uint", "string"];

/// The variables that are null where the server does not know them. Others are null where there is nothing to know.
const NULL_IS_UNKNOWN: [(&str, Option<&str>); 2] =
    [("signature", None), ("version", Some("digest"))];

/// What is to be done with infinite numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Infinite {
    Allowed,
    Refused,
}

/// Adds the functions that guarded expressions call.
pub fn add_guards(context: &mut Context, infinite: Infinite) -> Result<(), String> {
    let compared = move |value: Value| -> Result<Value, ExecutionError> {
        check(&value, infinite).map(|()| value)
    };
    let known = move |value: Value| -> Result<Value, ExecutionError> {
        if matches!(value, Value::Null) {
            return Err(refusal("a value that the server does not know is compared"));
        }
        check(&value, infinite).map(|()| value)
    };
    let searched = move |value: Value| -> Result<Value, ExecutionError> {
        if let Value::List(_) = value {
            check(&value, infinite)?;
        }
        Ok(value)
    };
    context
        .add_function(COMPARED, compared)
        .and_then(|()| context.add_function(KNOWN, known))
        .and_then(|()| context.add_function(SEARCHED, searched))
        .map_err(|error| error.to_string())
}

fn check(value: &Value, infinite: Infinite) -> Result<(), ExecutionError> {
    match value {
        Value::Float(number) if number.is_nan() => Err(refusal("a number that is NaN is compared")),
        Value::Float(number) if !is_finite(*number) && infinite == Infinite::Refused => Err(
            refusal("an infinite number is compared, and the rule does not say allow_infinite"),
        ),
        Value::List(values) => values.iter().try_for_each(|value| check(value, infinite)),
        Value::Map(map) => map
            .map
            .values()
            .try_for_each(|value| check(value, infinite)),
        _ => Ok(()),
    }
}

fn refusal(reason: &str) -> ExecutionError {
    ExecutionError::function_error("comparison", reason)
}

/// The expression with a guard around all that it compares.
pub fn guarded(node: &IdedExpr) -> IdedExpr {
    let expr = match &node.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) | Expr::Struct(_) => {
            node.expr.clone()
        }
        Expr::Select(select) => {
            let mut select = select.clone();
            *select.operand = guarded(&select.operand);
            Expr::Select(select)
        }
        Expr::List(list) => {
            let mut list = list.clone();
            list.elements = list.elements.iter().map(guarded).collect();
            Expr::List(list)
        }
        Expr::Map(map) => {
            let mut map = map.clone();
            map.entries = map.entries.iter().map(guarded_entry).collect();
            Expr::Map(map)
        }
        Expr::Call(call) => Expr::Call(guarded_call(call)),
        Expr::Comprehension(comprehension) => {
            let mut comprehension = comprehension.clone();
            for part in [
                &mut comprehension.iter_range,
                &mut comprehension.accu_init,
                &mut comprehension.loop_cond,
                &mut comprehension.loop_step,
                &mut comprehension.result,
            ] {
                *part = guarded(part);
            }
            Expr::Comprehension(comprehension)
        }
    };
    IdedExpr { id: node.id, expr }
}

fn guarded_entry(entry: &IdedEntryExpr) -> IdedEntryExpr {
    let mut entry = entry.clone();
    match &mut entry.expr {
        EntryExpr::StructField(field) => field.value = guarded(&field.value),
        EntryExpr::MapEntry(entry) => {
            entry.key = guarded(&entry.key);
            entry.value = guarded(&entry.value);
        }
    }
    entry
}

fn guarded_call(call: &CallExpr) -> CallExpr {
    let name = call.func_name.as_str();
    let is_equality = [operators::EQUALS, operators::NOT_EQUALS].contains(&name);
    // To compare with null is to ask whether something is known.
    let asks_for_null = is_equality && call.args.iter().any(is_null);
    let guard = |index: usize, argument: &IdedExpr| {
        let inner = guarded(argument);
        let guard = match (name, index) {
            (operators::IN, 1) => SEARCHED,
            _ if is_equality && !asks_for_null && is_unknown_where_null(argument) => KNOWN,
            _ if is_equality || ORDERS.contains(&name) || name == operators::IN => COMPARED,
            _ if CONVERSIONS.contains(&name) => COMPARED,
            _ => return inner,
        };
        if matches!(inner.expr, Expr::Literal(_)) {
            return inner;
        }
        IdedExpr {
            id: inner.id,
            expr: Expr::Call(CallExpr {
                func_name: guard.to_owned(),
                target: None,
                args: vec![inner],
            }),
        }
    };
    CallExpr {
        func_name: call.func_name.clone(),
        target: call
            .target
            .as_deref()
            .map(|target| Box::new(guarded(target))),
        args: call
            .args
            .iter()
            .enumerate()
            .map(|(index, argument)| guard(index, argument))
            .collect(),
    }
}

fn is_null(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Literal(literal) if matches!(literal, cel::common::ast::LiteralValue::Null))
}

fn is_unknown_where_null(node: &IdedExpr) -> bool {
    let (variable, field) = match &node.expr {
        Expr::Ident(name) => (name.as_str(), None),
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) => (name.as_str(), Some(select.field.as_str())),
            _ => return false,
        },
        _ => return false,
    };
    NULL_IS_UNKNOWN.contains(&(variable, field))
}
