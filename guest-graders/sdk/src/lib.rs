//! The Gradebox SDK for graders written in Rust.
