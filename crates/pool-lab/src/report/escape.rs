//! Text that comes from records, made harmless in the formats that reports are written in.

/// For element content and quoted attributes of HTML and SVG.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML 1.0 cannot hold control characters at all, escaped or not.
            c if c.is_control() && c != '\n' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// For running text and table cells of GitHub's Markdown: one line, nothing that is taken for markup.
pub(crate) fn markdown(text: &str) -> String {
    let chars: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        // An underscore within a word is no markup, and names of crates are full of them.
        let within_word = || {
            i > 0 && chars[i - 1].is_alphanumeric() && chars.get(i + 1).is_some_and(|c| c.is_alphanumeric())
        };
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '#' | '$' => out.extend(['\\', c]),
            '_' if !within_word() => out.push_str("\\_"),
            c => out.push(c),
        }
    }
    out
}

/// A name for a file or an anchor: letters, digits and single dashes.
pub(crate) fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_taken_as_text() {
        assert_eq!(html(r#"<b a="1">'x' & y</b>"#), "&lt;b a=&quot;1&quot;&gt;&#39;x&#39; &amp; y&lt;/b&gt;");
        assert_eq!(html("a\u{1b}[31m"), "a\u{fffd}[31m");
        assert_eq!(markdown("a|b\n*c* <d> `e` _f_"), "a\\|b \\*c\\* &lt;d&gt; \\`e\\` \\_f\\_");
        assert_eq!(markdown("rusty_pool"), "rusty_pool");
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("latency/ping gap=200us"), "latency-ping-gap-200us");
        assert_eq!(slug("<>"), "");
    }
}
