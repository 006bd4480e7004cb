//! An environment as a drawing: its stacks, what is in them, and what has to do with what.
//!
//! [`Graph`] is all of it; [`drawing`] leaves out what only clutters a picture; [`mermaid`] and [`svg`] write it down.

mod drawing;
mod layout;
mod mermaid;
mod model;
mod order;
mod svg;
#[cfg(test)]
mod tests;
mod tracks;

pub(crate) use drawing::Drawing;
pub(crate) use mermaid::mermaid;
pub(crate) use model::Graph;
pub(crate) use svg::svg;
