//! `[gray]`, before its values are compared.

use std::ops::Range;
use std::time::Duration;

use graylane_core::{Dialect, Name};
use toml::Spanned;
use toml::de::DeTable;

use super::section::{Faults, Field, Section, table_of};
use super::{values, words};
use crate::TlsFile;
use graylane_diagnostic::cut;

/// `[gray]`
#[derive(Debug)]
pub(crate) struct GrayDraft {
    pub(crate) read: Field<Vec<Spanned<Dialect>>>,
    pub(crate) write: Field<Vec<Spanned<Dialect>>>,
    pub(crate) member: Field<Box<str>>,
    pub(crate) certificates: Field<Vec<Spanned<Box<str>>>>,
    pub(crate) keys: Field<Vec<GrayKeyDraft>>,
    pub(crate) max_age: Field<Duration>,
}

/// `[gray.keys.<name>]`
#[derive(Debug)]
pub(crate) struct GrayKeyDraft {
    pub(crate) name: Option<Name>,
    pub(crate) place: Range<usize>,
    pub(crate) file: Field<TlsFile>,
}

pub(super) fn gray<'t>(root: &'t DeTable<'t>, faults: &mut Faults) -> GrayDraft {
    let opened = root
        .get("gray")
        .and_then(|value| Section::open(value, "gray", "gray", faults));
    let section = opened.unwrap_or(Section::absent("gray"));
    GrayDraft {
        read: section.list("read", faults, words::dialect),
        write: section.list("write", faults, words::dialect),
        member: section.text("member", faults, words::member),
        certificates: section.list("certificates", faults, words::certificate),
        max_age: section.value("max_age", faults, values::duration),
        keys: section.table("keys", |value| {
            let Some(table) = table_of(value, "gray.keys", faults) else {
                return Field::Bad;
            };
            let mut keys = Vec::new();
            for (key, value) in table {
                let name = format!("gray.keys.{}", cut(key.get_ref()));
                let section = Section::open(value, "gray.keys.<name>", &name, faults);
                keys.push(GrayKeyDraft {
                    name: faults.keep(words::name(key.get_ref()), key.span()),
                    place: key.span(),
                    file: section.map_or(Field::Bad, |section| file(&section, faults)),
                });
            }
            Field::Given(Spanned::new(value.span(), keys))
        }),
    }
}

fn file(section: &Section<'_>, faults: &mut Faults) -> Field<TlsFile> {
    let path = section.text("file", faults, words::key_file);
    let span = path.given().map_or(0..0, Spanned::span);
    path.map(|path| TlsFile { path, span })
}
