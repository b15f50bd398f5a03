//! The migrations that were written for the edits, as they are compiled here.

use workflow::Migrations;

use super::base;

macro_rules! written {
    ($($name:ident),*) => {
        $(mod $name;)*

        /// The migrations with that of this edit.
        pub(crate) fn migrations(name: &str) -> Migrations {
            match name {
                $(stringify!($name) => || vec![Box::new(base::Migration), Box::new($name::Migration)],)*
                _ => panic!("no migration is written for {name}"),
            }
        }
    };
}

written!(
    add_text,
    add_string_of_a_length,
    add_string_with_default,
    add_big_integer_with_default,
    add_small_integer,
    add_boolean_with_default,
    add_double,
    add_double_with_default,
    add_date,
    add_timestamp,
    add_json,
    add_uuid,
    add_word_of_rust,
    add_unique,
    add_indexed,
    add_enum,
    add_reference,
    add_reference_to_itself,
    add_second_reference,
    add_third_reference,
    add_to_two_tables,
    drop_nullable,
    drop_string,
    drop_number_between,
    drop_unique_column,
    drop_reference_column,
    drop_indexed_reference,
    drop_column_of_keys,
    no_default,
    new_default,
    other_default,
    not_null_with_default,
    not_null,
    nullable,
    nullable_reference,
    string_to_text,
    text_to_string,
    text_to_string_not_null,
    longer_string,
    longer_lower_case,
    small_to_big,
    number_to_string,
    unique,
    not_unique,
    unique_together,
    not_unique_together,
    unique_of_others,
    more_values,
    fewer_values,
    any_value,
    indexed,
    reference,
    no_reference,
    other_action,
    create_table,
    create_table_with_all,
    create_two_tables,
    drop_table,
    drop_table_that_is_referred_to,
    drop_two_tables,
    rename_column,
    rename_column_of_keys,
    rename_reference,
    rename_and_change,
    rename_table,
    rename_table_that_is_referred_to,
    everything
);
