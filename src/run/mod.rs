//! TODO-DOC run
