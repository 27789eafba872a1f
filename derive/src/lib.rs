//! The derive macro of memlane's typed messages. Programs use it as `memlane::typed::Schema`, whose page says what it is for.
//!
//! - `attributes`: what stands in `#[repr(…)]` and `#[schema(…)]`.
//! - `expand`: the implementation that comes of a struct.

#![forbid(unsafe_code)]

mod attributes;
mod expand;

use proc_macro::TokenStream;

/// Describes a struct by its layout: implements `memlane::typed::Schema`.
///
/// The struct is `#[repr(C)]` or `#[repr(transparent)]`, so that its layout is the same in every program, and has zerocopy's traits
/// `IntoBytes`, `FromBytes` and `Immutable`, which make sure that it has no padding and no invalid values. Each field has a schema.
///
/// `#[schema(name = "…")]` on the struct or a field gives another name than the program's, for instance that of a program in
/// another language. `#[schema(crate = path)]` on the struct says where memlane is, if not at `::memlane`.
#[proc_macro_derive(Schema, attributes(schema))]
pub fn derive_schema(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::schema_of(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
