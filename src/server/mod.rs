//! TODO-DOC server
