//! TODO-DOC client
