//! TODO-DOC exec
