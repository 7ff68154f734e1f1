//! TODO-DOC keyspace
