//! TODO-DOC protocol
