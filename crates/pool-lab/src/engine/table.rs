//! What a program may add to the tables of engines and workloads.

/// Why rows were not added to a table. One line, naming what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The name would not be read back from a command line or a record.
    #[error("`{name}` cannot be a name here: lower-case letters, digits and dashes, such as `{right}`")]
    Name {
        /// The name.
        name: String,
        /// One that would be right.
        right: &'static str,
    },
    /// There is a row of this name.
    #[error("the name `{name}` is taken; choose another, such as `{right}`")]
    Taken {
        /// The name.
        name: String,
        /// One that would be right.
        right: &'static str,
    },
    /// The table was asked for before, and what it answered would change.
    #[error("the table of {table} is in use already; add to it first of all, or call `pool_lab::run_with`")]
    InUse {
        /// Which table.
        table: &'static str,
    },
}

/// Whether a name is one that a row may be added under.
pub(crate) fn check(name: &str, fits: bool, right: &'static str, taken: bool) -> Result<(), TableError> {
    match (fits, taken) {
        (false, _) => Err(TableError::Name { name: name.to_owned(), right }),
        (true, true) => Err(TableError::Taken { name: name.to_owned(), right }),
        (true, false) => Ok(()),
    }
}

/// Lower-case letters, digits and dashes, and something of them.
pub(crate) fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
