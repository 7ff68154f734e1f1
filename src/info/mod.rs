//! INFO: figures by section, one file a section, with the names and the order of Redis 7.0.
//!
//! ```text
//! # Server\r\n          a heading
//! redis_version:...\r\n a field a line
//! \r\n                  between sections
//! ```
//!
//! A field of a feature that does not exist yet has the value that it has where nobody uses the feature.

mod clients;
mod cluster;
mod commandstats;
mod cpu;
mod errorstats;
pub mod human;
mod keyspace;
mod latencystats;
mod memory;
mod modules;
mod persistence;
mod replication;
mod server;
mod stats;

use crate::server::Server;
use crate::server::memory::Figures;
use bitflags::bitflags;
use std::fmt::Display;

bitflags! {
    /// Which sections; in the order in which they are shown.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[allow(missing_docs)]
    pub struct Sections: u16 {
        const SERVER = 1 << 0;
        const CLIENTS = 1 << 1;
        const MEMORY = 1 << 2;
        const PERSISTENCE = 1 << 3;
        const STATS = 1 << 4;
        const REPLICATION = 1 << 5;
        const CPU = 1 << 6;
        const MODULES = 1 << 7;
        const COMMANDSTATS = 1 << 8;
        const ERRORSTATS = 1 << 9;
        const LATENCYSTATS = 1 << 10;
        const CLUSTER = 1 << 11;
        const KEYSPACE = 1 << 12;
        /// What is shown when no section is named.
        const DEFAULT = 0x1fff & !(Self::COMMANDSTATS.bits() | Self::LATENCYSTATS.bits());
    }
}

impl Sections {
    /// The sections that INFO's arguments name. Unknown names count as sections that are empty.
    pub fn named<'a>(names: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        if names.len() == 0 {
            return Sections::DEFAULT;
        }
        names.fold(Sections::empty(), |sections, name| {
            let name = name.split(|b| *b == 0).next().unwrap_or_default().to_ascii_uppercase();
            sections
                | match name.as_slice() {
                    b"DEFAULT" => Sections::DEFAULT,
                    b"ALL" | b"EVERYTHING" => Sections::all(),
                    b"MODULE_LIST" => Sections::MODULES,
                    name => std::str::from_utf8(name)
                        .ok()
                        .and_then(Sections::from_name)
                        .unwrap_or(Sections::empty()),
                }
        })
    }
}

/// The text of every section: what a crash report holds.
#[must_use]
pub fn everything(server: &Server) -> String {
    text(server, Sections::all())
}

/// The text of some sections.
#[must_use]
pub fn text(server: &Server, sections: Sections) -> String {
    // What the text itself takes is not what is asked for.
    let memory_figures = sections.contains(Sections::MEMORY).then(|| Figures::of(server));
    let mut info = Info { text: String::with_capacity(8 * 1024) };
    for section in sections.iter() {
        match section {
            Sections::SERVER => server::write(&mut info, server),
            Sections::CLIENTS => clients::write(&mut info, server),
            Sections::MEMORY => {
                let figures = memory_figures.as_ref().expect("made for this section");
                memory::write(&mut info, server, figures);
            }
            Sections::PERSISTENCE => persistence::write(&mut info, server),
            Sections::STATS => stats::write(&mut info, server),
            Sections::REPLICATION => replication::write(&mut info, server),
            Sections::CPU => cpu::write(&mut info),
            Sections::MODULES => modules::write(&mut info),
            Sections::COMMANDSTATS => commandstats::write(&mut info, server),
            Sections::ERRORSTATS => errorstats::write(&mut info, server),
            Sections::LATENCYSTATS => latencystats::write(&mut info, server),
            Sections::CLUSTER => cluster::write(&mut info),
            Sections::KEYSPACE => keyspace::write(&mut info, server),
            _ => unreachable!("the iterator gives one section at a time"),
        }
    }
    info.text
}

/// The text as it grows.
struct Info {
    text: String,
}

impl Info {
    fn heading(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\r\n");
        }
        self.text.push_str("# ");
        self.text.push_str(name);
        self.text.push_str("\r\n");
    }

    fn field(&mut self, name: &str, value: impl Display) {
        use std::fmt::Write;
        let _ = write!(self.text, "{name}:{value}\r\n");
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.field(name, u8::from(value));
    }

    /// A figure of a feature that does not exist yet.
    fn none(&mut self, names: &[&str]) {
        for name in names {
            self.field(name, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Sections {
        Sections::named(names.iter().map(|n| n.as_bytes()))
    }

    #[test]
    fn no_name_gives_the_default_sections() {
        assert_eq!(named(&[]), named(&["DEFAULT"]));
        assert!(!named(&[]).intersects(Sections::COMMANDSTATS | Sections::LATENCYSTATS));
        assert!(named(&[]).contains(Sections::KEYSPACE | Sections::ERRORSTATS | Sections::MODULES));
    }

    #[test]
    fn names_add_up_in_any_case_and_unknown_ones_are_nothing() {
        assert_eq!(named(&["cpu", "CPU", "Server"]), Sections::CPU | Sections::SERVER);
        assert_eq!(named(&["nosuch"]), Sections::empty());
        assert_eq!(named(&["commandstats", "default"]), Sections::DEFAULT | Sections::COMMANDSTATS);
        assert_eq!(named(&["all"]), Sections::all());
        assert_eq!(named(&["everything", "cpu"]), Sections::all());
        assert_eq!(named(&["module_list"]), named(&["modules"]));
    }
}
