//! Mistakes that do not compile, each with what the compiler says about it: `cannot/<mistake>.rs` and `.stderr`.
//!
//! After a change of the compiler or of the kit, `TRYBUILD=overwrite cargo test -p cfn-kit --test compile_time` writes the answers
//! anew; a review reads whether a person would still understand them.
#![cfg(test)]

#[test]
fn mistakes_of_kind_unit_and_origin_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/cannot/*.rs");
}
