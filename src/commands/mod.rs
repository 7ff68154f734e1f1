//! TODO-DOC commands
