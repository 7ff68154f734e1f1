//! TODO-DOC info
