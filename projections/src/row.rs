//! One struct is one table.

use sqlx::{Sqlite, error::BoxDynError, sqlite::SqliteArguments};

/// A row of a read model's table.
pub trait Row: Clone + Send + Sync + std::fmt::Debug + PartialEq + 'static {
    /// The table.
    const TABLE: &'static str;
    /// The column that names the stream the row was folded from.
    const STREAM: &'static str;
    /// The columns that name the row.
    const PRIMARY: &'static [&'static str];
    /// Every column, in the order in which [`Self::bind`] adds them.
    const COLUMNS: &'static [&'static str];
    /// Adds the row's values to a statement's arguments.
    fn bind(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError>;
}

/// Adds one value to a statement's arguments.
pub(crate) fn add<C: crate::Column>(
    arguments: &mut SqliteArguments,
    value: &C,
) -> Result<(), BoxDynError>
where
    C::Stored: for<'q> sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite>,
{
    sqlx::Arguments::add(arguments, value.store())
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
                arguments: &mut sqlx::sqlite::SqliteArguments,
            ) -> Result<(), sqlx::error::BoxDynError> {
                $($crate::row::add(arguments, &self.$field)?;)+
                Ok(())
            }
        }
        $crate::row::selected!($name { $($field),+ });
    };
}

/// Lets a struct be read from the columns of the same names.
macro_rules! selected {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> for $name {
            fn from_row(row: &'r sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: $crate::column(row, stringify!($field))?,)+ })
            }
        }
    };
}
pub(crate) use {row, selected};
