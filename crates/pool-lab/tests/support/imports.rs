//! Which source files of a crate import which, and whether imports run in circles. A small parser, for sources that are
//! formatted and compile.
//!
//! A file imports another when it names something that is defined there, by a path that begins with `crate`, `self`,
//! `super`, a child module or an imported module; names that a module re-exports (`pub use`) belong to the file that
//! defines them. These are no imports:
//!
//! - `mod child;` and `pub use child::Name;`: a parent presents its children. (Within a table made by a macro `mod child` is
//!   an import, since the table uses what it lists.)
//! - whatever tests import: files called `tests.rs`, and items behind `#[cfg(test)]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path: `["engine", "spec"]`; the crate itself is empty.
type Module = Vec<String>;

/// The modules of a crate that have files of their own.
pub struct Crate {
    sources: BTreeMap<Module, Source>,
}

/// What was found in one file.
#[derive(Default)]
struct Source {
    /// Paths that it names, absolute.
    paths: Vec<Module>,
    /// What it calls a name that it re-exports, and where that is.
    exports: BTreeMap<String, Module>,
    /// Modules of which it re-exports everything.
    globs: Vec<Module>,
}

impl Crate {
    /// Reads the files below `src`; programs (`main.rs`) are not part of the library.
    pub fn read(src: &Path) -> Crate {
        let mut files = Vec::new();
        collect(src, &mut Vec::new(), &mut files);
        Crate::new(files.iter().map(|(module, text)| (module.clone(), text.as_str())))
    }

    /// From each module's path and text.
    pub fn new<'t>(files: impl IntoIterator<Item = (Module, &'t str)>) -> Crate {
        let files: Vec<_> = files.into_iter().collect();
        let modules: BTreeSet<&Module> = files.iter().map(|(module, _)| module).collect();
        let parse =
            |(module, text): &(Module, &str)| (module.clone(), Parser::new(module, &modules).parse(text));
        Crate { sources: files.iter().map(parse).collect() }
    }

    /// The module whose file defines what the path names.
    fn resolve(&self, path: &[String], depth: usize) -> Option<Module> {
        let mut at: Module = Vec::new();
        for (i, name) in path.iter().enumerate() {
            at.push(name.clone());
            if self.sources.contains_key(&at) {
                continue;
            }
            at.pop();
            let source = self.sources.get(&at)?;
            let follow = |to: &Module| {
                let whole: Module = to.iter().chain(&path[i + 1..]).cloned().collect();
                self.resolve(&whole, depth + 1)
            };
            if depth < 8
                && let Some(to) = source.exports.get(name)
            {
                return follow(to);
            }
            let through_glob = source.globs.iter().find_map(|glob| {
                let exported = self.sources.get(glob)?.exports.get(name)?;
                follow(exported)
            });
            return through_glob.or(Some(at));
        }
        Some(at)
    }

    /// Each file with those that it imports.
    pub fn imports(&self) -> BTreeMap<String, BTreeSet<String>> {
        let name = |module: &Module| if module.is_empty() { "lib".to_owned() } else { module.join("/") };
        let of = |(module, source): (&Module, &Source)| {
            let targets = source.paths.iter().filter_map(|path| self.resolve(path, 0));
            (name(module), targets.filter(|to| to != module).map(|to| name(&to)).collect())
        };
        self.sources.iter().map(of).collect()
    }

    /// The same for the folders directly below `src`, and the files there that have no folder.
    pub fn rooms(&self) -> BTreeMap<String, BTreeSet<String>> {
        let room = |file: &str| file.split('/').next().unwrap_or_default().to_owned();
        let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, targets) in self.imports() {
            let from = room(&file);
            let others = targets.iter().map(|to| room(to)).filter(|to| *to != from);
            rooms.entry(from.clone()).or_default().extend(others);
        }
        rooms
    }
}

/// The circles of a graph: groups in which each reaches each other.
pub fn circles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(node) = next.pop() {
            let new = graph.get(node).into_iter().flatten().filter(|to| seen.insert(*to));
            next.extend(new.collect::<Vec<_>>());
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|node| (node, reached(node))).collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (node, from_node) in &reached {
        let mutual =
            from_node.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(node)));
        let circle: Vec<String> = mutual.map(|other| (*other).clone()).collect();
        if !circle.is_empty() {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn collect(folder: &Path, module: &mut Module, files: &mut Vec<(Module, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            module.push(name);
            collect(&path, module, files);
            module.pop();
        } else if path.extension().is_some_and(|e| e == "rs") && !["tests", "main"].contains(&name.as_str()) {
            let mut of_file = module.clone();
            of_file.extend((!["lib", "mod"].contains(&name.as_str())).then_some(name));
            files.push((of_file, fs::read_to_string(&path).unwrap()));
        }
    }
}

struct Parser<'m> {
    module: &'m Module,
    children: BTreeSet<&'m str>,
    /// Modules written in this file, around the place where the parser is: the depth of braces of each.
    inner: Vec<usize>,
    depth: usize,
    /// Names of modules that were imported.
    aliases: BTreeMap<String, Module>,
    modules: &'m BTreeSet<&'m Module>,
    source: Source,
}

impl<'m> Parser<'m> {
    fn new(module: &'m Module, modules: &'m BTreeSet<&'m Module>) -> Self {
        let child = |other: &&'m Module| {
            (other.len() == module.len() + 1 && other.starts_with(module)).then(|| other.last())
        };
        let children = modules.iter().filter_map(|other| child(other)?).map(String::as_str).collect();
        Parser {
            module,
            children,
            inner: Vec::new(),
            depth: 0,
            aliases: BTreeMap::new(),
            modules,
            source: Source::default(),
        }
    }

    fn parse(mut self, text: &str) -> Source {
        let tokens = tokens(text);
        let mut at = 0;
        while at < tokens.len() {
            at = self.item(&tokens, at);
        }
        self.source
    }

    /// Reads what begins here, and returns where the next begins.
    fn item(&mut self, tokens: &[String], at: usize) -> usize {
        let token = tokens[at].as_str();
        let follows = |offset: usize, wanted: &str| tokens.get(at + offset).is_some_and(|t| t == wanted);
        match token {
            "#" if follows(1, "[") && follows(2, "cfg") => {
                let end = at + tokens[at..].iter().position(|token| token == "]").expect("an attribute ends");
                let says = |word: &str| tokens[at..end].iter().any(|token| token == word);
                return if says("test") && !says("not") { skip_item(tokens, end + 1) } else { end + 1 };
            }
            "{" => self.depth += 1,
            "}" => {
                self.depth -= 1;
                self.inner.pop_if(|depth| *depth == self.depth);
            }
            "mod" if follows(2, "{") => {
                self.inner.push(self.depth);
                return at + 2;
            }
            // In a macro's table.
            "mod" if self.depth > self.inner.len() && self.is_child(tokens, at + 1) => {
                self.name(vec![tokens[at + 1].clone()], true);
            }
            // Not `use<'a>`, the lifetimes of an `impl`.
            "use" if !follows(1, "<") => return self.use_tree(tokens, at),
            _ if is_word(token) && follows(1, "::") && (at == 0 || tokens[at - 1] != "::") => {
                let mut path = vec![token.to_owned()];
                while follows(2 * path.len() - 1, "::")
                    && let Some(word) = tokens.get(at + 2 * path.len()).filter(|word| is_word(word))
                {
                    path.push(word.clone());
                }
                let length = path.len();
                self.name(path, false);
                return at + 2 * length - 1;
            }
            _ => {}
        }
        at + 1
    }

    fn is_child(&self, tokens: &[String], at: usize) -> bool {
        tokens.get(at).is_some_and(|name| self.children.contains(name.as_str()))
    }

    /// A path in the file.
    fn name(&mut self, path: Module, is_child: bool) {
        if let Some(absolute) = self.absolute(&path, is_child) {
            self.source.paths.push(absolute);
        }
    }

    /// The path from the crate on; `None` when it leads elsewhere.
    fn absolute(&self, path: &[String], is_child: bool) -> Option<Module> {
        let mut base: Module = self.module.clone();
        let mut inner = self.inner.len();
        let mut rest = path;
        match path[0].as_str() {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while let Some((first, tail)) = rest.split_first().filter(|(first, _)| *first == "super") {
                    let _ = first;
                    if inner > 0 {
                        inner -= 1
                    } else {
                        base.pop()?;
                    }
                    rest = tail;
                }
            }
            first if is_child || self.children.contains(first) && inner == 0 => {}
            first => (base, rest) = (self.aliases.get(first)?.clone(), &path[1..]),
        }
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// A `use` item: what it imports, or re-exports.
    fn use_tree(&mut self, tokens: &[String], at: usize) -> usize {
        let end = at + tokens[at..].iter().position(|token| token == ";").expect("a use item ends");
        let is_public = at > 0
            && (tokens[at - 1] == "pub"
                || tokens[at - 1] == ")" && tokens[at - 4..at].contains(&"pub".to_owned()));
        let mut leaves = Vec::new();
        leaves_of(&tokens[at + 1..end], Vec::new(), &mut leaves);
        for (path, alias) in leaves {
            let is_glob = path.last().is_some_and(|last| last == "*");
            let path: Module = path.into_iter().filter(|name| name != "*").collect();
            let Some(absolute) = (!path.is_empty()).then(|| self.absolute(&path, false)).flatten() else {
                continue;
            };
            match (is_public, is_glob) {
                (true, true) => self.source.globs.push(absolute),
                (true, false) => {
                    self.source.exports.insert(alias, absolute);
                }
                (false, _) => {
                    if self.modules.contains(&absolute) {
                        self.aliases.insert(alias, absolute.clone());
                    }
                    self.source.paths.push(absolute);
                }
            }
        }
        end + 1
    }
}

/// Each path of a tree of imports, with the name that it gets.
fn leaves_of(tokens: &[String], prefix: Module, leaves: &mut Vec<(Module, String)>) {
    let (mut path, mut at) = (prefix.clone(), 0);
    let mut alias = None;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => {
                let end = at + matching(&tokens[at..]);
                leaves_of(&tokens[at + 1..end], path.clone(), leaves);
                path.clear();
                at = end;
            }
            "," => {
                leaf(std::mem::replace(&mut path, prefix.clone()), alias.take(), &prefix, leaves);
            }
            "as" => {
                alias = Some(tokens[at + 1].clone());
                at += 1;
            }
            "::" => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    leaf(path, alias, &prefix, leaves);
}

fn leaf(mut path: Module, alias: Option<String>, prefix: &Module, leaves: &mut Vec<(Module, String)>) {
    if path.len() <= prefix.len() {
        return;
    }
    path.pop_if(|last| last == "self");
    let alias = alias.or_else(|| path.last().cloned()).unwrap_or_default();
    leaves.push((path, alias));
}

/// The place of the brace that closes the one at the beginning.
fn matching(tokens: &[String]) -> usize {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    panic!("a brace is not closed")
}

/// Where the item ends that begins here: behind its semicolon or its braces.
fn skip_item(tokens: &[String], at: usize) -> usize {
    let open = tokens[at..]
        .iter()
        .position(|token| token == "{" || token == ";")
        .map_or(tokens.len() - 1, |i| at + i);
    if tokens[open] == "{" { open + matching(&tokens[open..]) + 1 } else { open + 1 }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single characters, without comments, strings and characters in quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = raw_string(rest) {
            raw
        } else if first == '"' {
            string(rest)
        } else if first == '\'' {
            character(rest)
        } else if is_word(rest) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a raw string, if one begins here.
fn raw_string(text: &str) -> Option<usize> {
    let body = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let inside = body[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text.len() - inside.len() + inside.find(&close)? + close.len())
}

fn string(text: &str) -> usize {
    let mut escaped = true;
    for (i, c) in text.char_indices() {
        match c {
            '"' if !escaped => return i + 1,
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of a character in quotes, or of the quote of a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text[1..].chars();
    match (inside.next(), inside.next()) {
        (Some('\\'), _) => text[3..].find('\'').map_or(1, |end| end + 4),
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 1,
    }
}
