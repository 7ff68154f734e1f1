//! TODO-DOC persist
