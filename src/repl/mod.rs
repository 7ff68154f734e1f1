//! TODO-DOC repl
