//! The name of a job.

use std::borrow::Cow;
use std::sync::Arc;

/// A job's name, which is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Name::Static(name) => name,
            Name::Shared(name) => name,
        }
    }
}

impl From<Cow<'static, str>> for Name {
    fn from(name: Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Name::Static(name),
            Cow::Owned(name) => Name::Shared(name.into()),
        }
    }
}

impl From<Name> for Cow<'static, str> {
    fn from(name: Name) -> Self {
        match name {
            Name::Static(name) => Cow::Borrowed(name),
            Name::Shared(name) => Cow::Owned(name.as_ref().to_owned()),
        }
    }
}
