//! What stands in the attributes of a struct and its fields.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, LitStr, Path, Result};

/// Characters that have a meaning in the name of a type.
const MARKS: &str = "{}[]():;,@#/";

/// `#[schema(…)]` of a struct or a field.
#[derive(Default)]
pub struct Wishes {
    /// Another name than the program's.
    pub name: Option<String>,
    /// Where memlane is, if not at `::memlane`.
    pub memlane: Option<Path>,
}

impl Wishes {
    /// Those of a struct.
    pub fn of_struct(attributes: &[Attribute]) -> Result<Self> {
        let mut wishes = Self::default();
        each(attributes, "schema", |meta| {
            if meta.path.is_ident("crate") {
                wishes.memlane = Some(meta.value()?.parse()?);
                return Ok(());
            }
            wishes.take_name(&meta, "unknown: a struct has `name` and `crate`")
        })?;
        Ok(wishes)
    }

    /// Those of a field.
    pub fn of_field(attributes: &[Attribute]) -> Result<Self> {
        let mut wishes = Self::default();
        each(attributes, "schema", |meta| wishes.take_name(&meta, "unknown: a field has `name`"))?;
        Ok(wishes)
    }

    fn take_name(&mut self, meta: &ParseNestedMeta<'_>, otherwise: &str) -> Result<()> {
        if !meta.path.is_ident("name") {
            return Err(meta.error(otherwise));
        }
        let name: LitStr = meta.value()?.parse()?;
        let text = name.value();
        let is_taken =
            |character: char| MARKS.contains(character) || character.is_whitespace() || character.is_control();
        if text.is_empty() || text.contains(is_taken) {
            return Err(Error::new(
                name.span(),
                format!("a name has at least one character, and neither blanks nor {MARKS}"),
            ));
        }
        self.name = Some(text);
        Ok(())
    }
}

/// Whether the layout of a struct is one that every program computes alike.
pub fn has_stable_layout(attributes: &[Attribute]) -> Result<bool> {
    let mut is_stable = false;
    each(attributes, "repr", |meta| {
        is_stable |= meta.path.is_ident("C") || meta.path.is_ident("transparent");
        if meta.input.peek(syn::token::Paren) {
            // Of `align(…)` and `packed(…)`, what the compiler makes of them is told.
            let content;
            syn::parenthesized!(content in meta.input);
            content.parse::<proc_macro2::TokenStream>()?;
        }
        Ok(())
    })?;
    Ok(is_stable)
}

/// Hands out what stands in the attributes of this name.
fn each(attributes: &[Attribute], name: &str, mut take: impl FnMut(ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let named = attributes.iter().filter(|attribute| attribute.path().is_ident(name));
    named.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut take))
}
