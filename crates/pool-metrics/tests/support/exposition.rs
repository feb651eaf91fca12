//! A page of metrics, read back.

use std::collections::BTreeSet;

#[derive(Debug)]
pub struct Exposition(Vec<Sample>);

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    labels: Vec<(String, String)>,
    pub value: f64,
}

impl Exposition {
    pub fn parse(page: &str) -> Self {
        let lines = page.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Exposition(lines.map(Sample::parse).collect())
    }

    /// The names of all samples.
    pub fn names(&self) -> BTreeSet<String> {
        self.0.iter().map(|sample| sample.name.clone()).collect()
    }

    #[allow(dead_code, reason = "a part of what the tests share")]
    pub fn samples<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| sample.name == name)
    }

    /// The only value of this name and these labels.
    #[allow(dead_code, reason = "a part of what the tests share")]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has_labels =
            |sample: &&Sample| labels.iter().all(|(key, value)| sample.label(key) == Some(value));
        let found: Vec<f64> = self.samples(name).filter(has_labels).map(|sample| sample.value).collect();
        let [value] = found[..] else { panic!("{name}{labels:?} is there {} times", found.len()) };
        value
    }
}

impl Sample {
    fn parse(line: &str) -> Sample {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let mut rest = labels.strip_suffix('}').expect("a closing brace");
        let mut labels = Vec::new();
        while let Some((key, quoted)) = rest.split_once("=\"") {
            let end = end_of(quoted);
            let value = quoted[..end].replace("\\\"", "\"").replace("\\\\", "\\");
            labels.push((key.trim_start_matches(',').to_owned(), value));
            rest = &quoted[end + 1..];
        }
        Sample { name: name.to_owned(), labels, value: value.parse().expect("a number") }
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// Where the quote is that ends a value.
fn end_of(quoted: &str) -> usize {
    let mut is_escaped = false;
    quoted
        .char_indices()
        .find(|(_, letter)| {
            let ends = *letter == '"' && !is_escaped;
            is_escaped = *letter == '\\' && !is_escaped;
            ends
        })
        .expect("a closing quote")
        .0
}
