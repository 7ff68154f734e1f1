//! TODO-DOC value
