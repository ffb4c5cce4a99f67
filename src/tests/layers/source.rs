//! A file of `src/` and the paths that it names, read from its tokens. What stands under `#[cfg(test)]` is left out:
//! a test may use the whole house.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The segments of a path. One into this crate begins with `crate`.
pub type Path = Vec<String>;

/// What a file imports and names.
#[derive(Default)]
pub struct Source {
    /// What the `use` statements call each path. Other files reach it by that name too.
    pub imports: BTreeMap<String, Path>,
    /// The paths that the file's own code names, without those that it only hands on.
    pub named: BTreeSet<Path>,
}

impl Source {
    /// Reads the text of a module. `modules` are those of the whole crate, by which a path that begins with the name
    /// of a child is told from one that begins with the name of another crate.
    pub fn read(text: &str, module: &[String], modules: &BTreeSet<Path>) -> Self {
        let tokens = text.parse().expect("the file is Rust");
        let mut reader = Reader {
            modules,
            source: Self::default(),
        };
        reader.imports(&tokens, module);
        reader.paths(&tokens, module);
        reader.source
    }
}

struct Reader<'a> {
    modules: &'a BTreeSet<Path>,
    source: Source,
}

impl Reader<'_> {
    /// Collects the `use` statements, also those inside functions.
    fn imports(&mut self, tokens: &TokenStream, module: &[String]) {
        walk(tokens, module, &mut |piece, module| {
            let Piece::Use { public, tree } = piece else {
                return;
            };
            for (path, name) in use_tree(&tree, &[]) {
                let path = self.absolute(&path, module);
                if !public {
                    self.source.named.insert(path.clone());
                }
                if name != "*" {
                    self.source.imports.insert(name, path);
                }
            }
        });
    }

    /// Collects the paths that code names outside of `use` statements.
    fn paths(&mut self, tokens: &TokenStream, module: &[String]) {
        walk(tokens, module, &mut |piece, module| {
            if let Piece::Path(path) = piece {
                self.source.named.insert(self.absolute(&path, module));
            }
        });
    }

    /// The path from the root of its crate.
    fn absolute(&self, path: &[String], module: &[String]) -> Path {
        let Some((first, rest)) = path.split_first() else {
            return module.to_vec();
        };
        let child = [module, &path[..1]].concat();
        match first.as_str() {
            "crate" => path.to_vec(),
            "self" => [module, rest].concat(),
            "super" if rest.first().is_some_and(|next| next == "super") => {
                self.absolute(rest, &module[..module.len() - 1])
            }
            "super" => [&module[..module.len() - 1], rest].concat(),
            _ if self.modules.contains(&child) => [module, path].concat(),
            // As main.rs names the library.
            "flowkeep" => [&["crate".to_owned()], rest].concat(),
            name => match self.source.imports.get(name) {
                Some(import) => [import, rest].concat(),
                None => path.to_vec(),
            },
        }
    }
}

/// What `walk` meets.
enum Piece {
    /// A `use` statement. A public one hands names on.
    Use { public: bool, tree: Vec<TokenTree> },
    /// A path, or a name by itself.
    Path(Path),
}

/// Goes through the tokens of a module, and of the modules written inside it, past what is compiled for tests only.
fn walk(tokens: &TokenStream, module: &[String], visit: &mut dyn FnMut(Piece, &[String])) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(tokens.get(at + 1)) => {
                at = end_of_item(&tokens, at + 2);
                continue;
            }
            TokenTree::Ident(word) if word == "use" => {
                let end = end_of_statement(&tokens, at);
                let public = at > 0
                    && (is_word(&tokens[at - 1], "pub")
                        || at > 1 && is_word(&tokens[at - 2], "pub"));
                let tree = tokens[at + 1..end].to_vec();
                visit(Piece::Use { public, tree }, module);
                at = end;
            }
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                    (tokens.get(at + 1), tokens.get(at + 2))
                {
                    walk(
                        &body.stream(),
                        &[module, &[name.to_string()]].concat(),
                        visit,
                    );
                }
                at += 2;
            }
            // What follows a dot is a field or a method.
            TokenTree::Ident(_) if at > 0 && is_mark(tokens.get(at - 1), '.') => {}
            TokenTree::Ident(_) => {
                let (path, end) = path_at(&tokens, at);
                visit(Piece::Path(path), module);
                at = end;
                continue;
            }
            TokenTree::Group(group) => walk(&group.stream(), module, visit),
            _ => {}
        }
        at += 1;
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn is_for_tests(attribute: Option<&TokenTree>) -> bool {
    attribute.is_some_and(|group| group.to_string().replace(' ', "") == "[cfg(test)]")
}

fn end_of_statement(tokens: &[TokenTree], from: usize) -> usize {
    (from..tokens.len())
        .find(|&at| is_mark(tokens.get(at), ';'))
        .unwrap_or(tokens.len())
}

fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    (from..tokens.len())
        .find(|&at| is_mark(tokens.get(at), ';') || is_group(tokens.get(at), Delimiter::Brace))
        .map_or(tokens.len(), |at| at + 1)
}

/// The path that begins at a word, and where it ends.
fn path_at(tokens: &[TokenTree], from: usize) -> (Path, usize) {
    let mut path = vec![tokens[from].to_string()];
    let mut at = from + 1;
    while is_mark(tokens.get(at), ':') && is_mark(tokens.get(at + 1), ':') {
        let Some(TokenTree::Ident(next)) = tokens.get(at + 2) else {
            break;
        };
        path.push(next.to_string());
        at += 3;
    }
    (path, at)
}

/// Each path of a `use` statement, with the name that it gets in the file.
fn use_tree(tokens: &[TokenTree], prefix: &[String]) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    for branch in tokens.split(|token| is_mark(Some(token), ',')) {
        let mut path = prefix.to_vec();
        let mut name = None;
        let mut branch = branch.iter();
        while let Some(token) = branch.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = branch.next().map(ToString::to_string);
                }
                TokenTree::Ident(word) if word == "self" && !prefix.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == '*' => name = Some("*".to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    found.extend(use_tree(&inner, &path));
                    path.clear();
                }
                _ => {}
            }
        }
        if let Some(last) = path.last() {
            found.push((path.clone(), name.unwrap_or_else(|| last.clone())));
        }
    }
    found
}
