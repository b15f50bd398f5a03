//! `#[sea_orm(…)]`: its words and what they are given.

use proc_macro2::{Ident, Span};
use syn::{Attribute, Error, Expr, ExprLit, ExprUnary, Lit, Token, UnOp};

/// The words of all `#[sea_orm(…)]` on one thing, in order.
pub(super) struct Attributes(Vec<(String, Span, Option<Expr>)>);

/// What has no value, or no value that is looked at.
impl Attributes {
    /// Reads them.
    ///
    /// # Errors
    /// When there is a word that is none of `known`: it would be forgotten.
    pub(super) fn read(attributes: &[Attribute], known: &[&str]) -> syn::Result<Self> {
        let mut words: Vec<(String, _, _)> = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("sea_orm"))
        {
            attribute.parse_nested_meta(|meta| {
                let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                if !known.contains(&word.as_str()) {
                    let known = known.join(", ");
                    return Err(meta.error(format!(
                        "a migration cannot say `{word}`; what it can say here: {known}"
                    )));
                }
                if words.iter().any(|(other, ..)| *other == word) {
                    return Err(meta.error("this is said twice"));
                }
                let value = if meta.input.peek(Token![=]) {
                    Some(meta.value()?.parse::<Expr>()?)
                } else {
                    None
                };
                let span = meta.path.get_ident().map_or_else(Span::call_site, Ident::span);
                words.push((word, span, value));
                Ok(())
            })?;
        }
        Ok(Self(words))
    }

    /// Whether the word is there.
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.iter().any(|(name, ..)| name == word)
    }

    /// What the word is given: a text.
    pub(super) fn text(&self, word: &str) -> syn::Result<Option<String>> {
        match self.value(word)? {
            None => Ok(None),
            Some((_, Lit::Str(text), false)) => Ok(Some(text.value())),
            Some((span, ..)) => {
                Err(Error::new(span, format!("{word} is given a text: {word} = \"…\"")))
            }
        }
    }

    /// What the word is given: a literal, and whether there is a minus before it.
    pub(super) fn value(&self, word: &str) -> syn::Result<Option<(Span, &Lit, bool)>> {
        let Some((_, span, value)) = self.0.iter().find(|(name, ..)| name == word) else {
            return Ok(None);
        };
        match value {
            Some(Expr::Lit(ExprLit { lit, .. })) => Ok(Some((*span, lit, false))),
            Some(Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. })) => match &**expr {
                Expr::Lit(ExprLit { lit, .. }) => Ok(Some((*span, lit, true))),
                _ => Err(Error::new(*span, format!("{word} is given a literal"))),
            },
            _ => Err(Error::new(*span, format!("{word} is given a literal: {word} = …"))),
        }
    }

    /// Where the word is.
    pub(super) fn span(&self, word: &str) -> Span {
        let found = self.0.iter().find(|(name, ..)| name == word);
        found.map_or_else(Span::call_site, |(_, span, _)| *span)
    }
}

/// Whether a derive macro of this name is asked for.
pub(crate) fn derives(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        let mut found = false;
        let read = attribute.parse_nested_meta(|meta| {
            found |= meta.path.segments.last().is_some_and(|last| last.ident == name);
            Ok(())
        });
        read.is_ok() && found
    })
}
