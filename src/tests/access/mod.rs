//! Who may call what: each route, and the ways round that others have left open.

mod attacks;
mod calls;
mod table;
mod world;
