//! TODO-DOC util
