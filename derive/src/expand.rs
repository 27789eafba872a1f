//! From a struct to the implementation that describes it.

use crate::attributes::{Wishes, has_stable_layout};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, Index, Member, Result, parse_quote};

/// The implementation of `Schema` for a struct: a list of its fields, with the offsets that the compiler gave them.
pub fn schema_of(input: &DeriveInput) -> Result<TokenStream> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(_) | Data::Union(_) => {
            let reason = "only structs have a schema: an enum or union has bytes that are no value of it; send a number, or use a codec";
            return Err(Error::new(input.ident.span(), reason));
        }
    };
    if !has_stable_layout(&input.attrs)? {
        let reason = "add #[repr(C)]: otherwise each build may lay the struct out in its own way";
        return Err(Error::new(input.ident.span(), reason));
    }
    let Wishes { name, memlane } = Wishes::of_struct(&input.attrs)?;
    let name = name.unwrap_or_else(|| input.ident.unraw().to_string());
    let memlane = memlane.unwrap_or_else(|| parse_quote!(::memlane));

    let described = described(fields)?;
    let ident = &input.ident;
    // In here no name of the program is used, so that none can be in the way.
    let text = format_ident!("__memlane_text");
    let fields = described
        .iter()
        .map(|Described { name, member, of }| quote!(.field::<#of>(#name, ::core::mem::offset_of!(Self, #member))));
    let mut generics = input.generics.clone();
    let types: Vec<_> = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
    let bounds = generics.make_where_clause();
    for parameter in &types {
        bounds.predicates.push(parse_quote!(#parameter: #memlane::typed::Schema));
    }
    if !types.is_empty() {
        let traits = quote!(#memlane::zerocopy);
        bounds.predicates.push(parse_quote!(Self: #traits::IntoBytes + #traits::FromBytes + #traits::Immutable));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #memlane::typed::Schema for #ident #type_generics #where_clause {
            fn describe(#text: &mut #memlane::typed::Text) {
                #text.structure::<Self>(#name) #(#fields)* .end();
            }
        }
    })
}

/// A field of a struct.
struct Described<'a> {
    name: String,
    member: Member,
    of: &'a syn::Type,
}

fn described(fields: &Fields) -> Result<Vec<Described<'_>>> {
    let described = fields.iter().enumerate().map(|(index, field)| {
        let member = match &field.ident {
            Some(name) => Member::Named(name.clone()),
            None => Member::Unnamed(Index::from(index)),
        };
        let in_program = match &member {
            Member::Named(name) => name.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        };
        let name = Wishes::of_field(&field.attrs)?.name.unwrap_or(in_program);
        Ok(Described { name, member, of: &field.ty })
    });
    described.collect()
}
