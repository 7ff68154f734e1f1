//! TODO-DOC config
