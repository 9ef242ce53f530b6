//! One struct is one table.

use sqlx::{Encode, Postgres, Sqlite, Type, error::BoxDynError};

use crate::{Selected, Values};

/// A row of a read model's table.
pub trait Row: Selected + Clone + Sync + std::fmt::Debug + PartialEq + 'static {
    /// The table.
    const TABLE: &'static str;
    /// The column that names the stream the row was folded from.
    const STREAM: &'static str;
    /// The columns that name the row.
    const PRIMARY: &'static [&'static str];
    /// Every column, in the order in which [`Self::bind`] adds them.
    const COLUMNS: &'static [&'static str];
    /// Adds the row's values to others: a statement's arguments, say.
    fn bind(&self, values: &mut impl Values) -> Result<(), BoxDynError>;
    /// The columns that name the row, with their values: `unit slemdal, holds_for 2020-12-31`.
    fn key(&self) -> String;
}

/// Adds one value to others.
pub(crate) fn add<C: crate::Column>(values: &mut impl Values, value: &C) -> Result<(), BoxDynError>
where
    C::Stored: for<'q> Encode<'q, Sqlite>
        + Type<Sqlite>
        + for<'q> Encode<'q, Postgres>
        + Type<Postgres>
        + 'static,
{
    values.add(value.store())
}

/// Declares a row: its table, the column that names its stream, its primary key, its columns.
macro_rules! row {
    (
        $(#[$doc:meta])* $name:ident in $table:literal of $stream:ident, named by [$($primary:ident),+]
        { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)+ }

        impl $crate::Row for $name {
            const TABLE: &'static str = $table;
            const STREAM: &'static str = stringify!($stream);
            const PRIMARY: &'static [&'static str] = &[$(stringify!($primary)),+];
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];
            fn bind(
                &self,
                values: &mut impl $crate::Values,
            ) -> Result<(), sqlx::error::BoxDynError> {
                $($crate::row::add(values, &self.$field)?;)+
                Ok(())
            }
            fn key(&self) -> String {
                [$(format!(
                    "{} {}",
                    stringify!($primary),
                    $crate::Column::store(&self.$primary),
                )),+]
                .join(", ")
            }
        }
        $crate::row::selected!($name { $($field),+ });
    };
}

/// Lets a struct be read from the columns of the same names, on every engine.
macro_rules! selected {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        $crate::row::selected_from!(sqlx::sqlite::SqliteRow, $name { $($field),+ });
        $crate::row::selected_from!(sqlx::postgres::PgRow, $name { $($field),+ });
    };
}

macro_rules! selected_from {
    ($row:ty, $name:ident { $($field:ident),+ }) => {
        impl<'r> sqlx::FromRow<'r, $row> for $name {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: $crate::column(row, stringify!($field))?,)+ })
            }
        }
    };
}
pub(crate) use {row, selected, selected_from};
