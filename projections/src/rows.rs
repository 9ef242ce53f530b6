//! The rows, in whichever engine they lie: one text of a statement for all of them.

use futures::TryStreamExt;
use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, FromRow, PgConnection, Postgres, Sqlite,
    SqliteConnection, Type,
    error::BoxDynError,
    postgres::{PgArguments, PgRow},
    query::QueryAs,
    sqlite::{SqliteArguments, SqliteRow},
};

/// A connection to the tables of the read models.
#[derive(Debug)]
pub enum Rows<'c> {
    /// In SQLite: the embedded default, and every look into the past.
    Sqlite(&'c mut SqliteConnection),
    /// In PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// What is read from rows of either engine.
pub trait Selected:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}
impl<T> Selected for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// The values of a statement, as its engine takes them.
#[derive(Debug)]
pub enum Arguments {
    /// Of SQLite.
    Sqlite(SqliteArguments),
    /// Of PostgreSQL.
    Postgres(PgArguments),
}

/// Where values go, one after the other.
pub trait Values {
    /// Adds a value.
    fn add<'q, V>(&mut self, value: V) -> Result<(), BoxDynError>
    where
        V: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> + 'q;
}

impl Values for Arguments {
    fn add<'q, V>(&mut self, value: V) -> Result<(), BoxDynError>
    where
        V: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        match self {
            Self::Sqlite(arguments) => arguments.add(value),
            Self::Postgres(arguments) => arguments.add(value),
        }
    }
}

impl Rows<'_> {
    /// A statement, its values `$1`, `$2` and so on still to be bound.
    pub fn sql(&mut self, text: &'static str) -> Statement<'_> {
        let arguments = self.arguments();
        Statement {
            rows: self.again(),
            text: text.to_owned(),
            arguments: Ok(arguments),
        }
    }

    /// A statement whose text is put together, with its values. Whoever calls this promises that
    /// the text is made of constants alone.
    pub fn composed(&mut self, text: String, arguments: Arguments) -> Statement<'_> {
        Statement {
            rows: self.again(),
            text,
            arguments: Ok(arguments),
        }
    }

    /// No values yet, for the engine that this is.
    #[must_use]
    pub fn arguments(&self) -> Arguments {
        match self {
            Self::Sqlite(_) => Arguments::Sqlite(SqliteArguments::default()),
            Self::Postgres(_) => Arguments::Postgres(PgArguments::default()),
        }
    }

    /// The same connection, lent on.
    pub fn again(&mut self) -> Rows<'_> {
        match self {
            Self::Sqlite(connection) => Rows::Sqlite(connection),
            Self::Postgres(connection) => Rows::Postgres(connection),
        }
    }
}

/// A statement on its way to the engine.
#[derive(Debug)]
#[must_use = "a statement does nothing until it is run"]
pub struct Statement<'c> {
    rows: Rows<'c>,
    text: String,
    arguments: Result<Arguments, BoxDynError>,
}

impl Statement<'_> {
    /// Binds the next value.
    pub fn bind<'q, V>(mut self, value: V) -> Self
    where
        V: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        if let Ok(arguments) = &mut self.arguments
            && let Err(error) = arguments.add(value)
        {
            self.arguments = Err(error);
        }
        self
    }

    /// Runs it; answers how many rows it changed.
    pub async fn run(self) -> Result<u64, sqlx::Error> {
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        let text = AssertSqlSafe(self.text);
        match (self.rows, arguments) {
            (Rows::Sqlite(connection), Arguments::Sqlite(arguments)) => {
                let done = sqlx::query_with(text, arguments).execute(connection);
                Ok(done.await?.rows_affected())
            }
            (Rows::Postgres(connection), Arguments::Postgres(arguments)) => {
                let done = sqlx::query_with(text, arguments).execute(connection);
                Ok(done.await?.rows_affected())
            }
            _ => Err(of_another_engine()),
        }
    }

    /// Reads all rows that it finds.
    pub async fn all<T: Selected>(self) -> Result<Vec<T>, sqlx::Error> {
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        let text = AssertSqlSafe(self.text);
        match (self.rows, arguments) {
            (Rows::Sqlite(connection), Arguments::Sqlite(arguments)) => {
                let query: QueryAs<'_, _, T, _> = sqlx::query_as_with(text, arguments);
                query.fetch_all(connection).await
            }
            (Rows::Postgres(connection), Arguments::Postgres(arguments)) => {
                let query: QueryAs<'_, _, T, _> = sqlx::query_as_with(text, arguments);
                query.fetch_all(connection).await
            }
            _ => Err(of_another_engine()),
        }
    }

    /// Reads row after row, without holding them all.
    pub async fn each<T: Selected>(
        self,
        mut take: impl FnMut(T) + Send,
    ) -> Result<(), sqlx::Error> {
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        let text = AssertSqlSafe(self.text);
        match (self.rows, arguments) {
            (Rows::Sqlite(connection), Arguments::Sqlite(arguments)) => {
                let query: QueryAs<'_, _, T, _> = sqlx::query_as_with(text, arguments);
                let mut found = query.fetch(connection);
                while let Some(row) = found.try_next().await? {
                    take(row);
                }
            }
            (Rows::Postgres(connection), Arguments::Postgres(arguments)) => {
                let query: QueryAs<'_, _, T, _> = sqlx::query_as_with(text, arguments);
                let mut found = query.fetch(connection);
                while let Some(row) = found.try_next().await? {
                    take(row);
                }
            }
            _ => return Err(of_another_engine()),
        }
        Ok(())
    }

    /// Reads the one row that it finds.
    pub async fn one<T: Selected>(self) -> Result<T, sqlx::Error> {
        let mut found = self.all().await?;
        found.pop().ok_or(sqlx::Error::RowNotFound)
    }
}

fn of_another_engine() -> sqlx::Error {
    sqlx::Error::Configuration("values of one engine with a connection to another".into())
}
