//! The queue: a table, and a statement for each thing that happens to a job.

use std::time::Duration;

use postgres::{Client, Error};

/// A job that a consumer holds, by a lease that is to be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The job's row.
    pub id: i64,
    /// Which claim of the job it is, from 1. A later one makes it void.
    pub number: i64,
    /// What is to be done.
    pub payload: String,
}

/// The table of jobs, by a connection of its own.
pub struct Queue(Client);

impl Queue {
    /// Uses this connection.
    pub fn new(client: Client) -> Self {
        Queue(client)
    }

    /// Creates the table, if it is not there.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn create(&mut self) -> Result<(), Error> {
        self.0.batch_execute(include_str!("schema.sql"))
    }

    /// Adds a job. A program that has other things to write does so in the same transaction: then there is a job iff the rest is there.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn put(&mut self, payload: &str) -> Result<(), Error> {
        self.0.execute("INSERT INTO jobs (payload) VALUES ($1)", &[&payload]).map(drop)
    }

    /// Claims at most so many jobs that no one has a lease on and that were not tried too often.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn claim(&mut self, most: usize, lease: Duration, attempts: u32) -> Result<Vec<Claim>, Error> {
        // In the `WITH` it is done once. As a subquery of the `UPDATE` it may be done again for each row, with as many more claims.
        let rows = self.0.query(
            "WITH next AS MATERIALIZED (
                 SELECT id FROM jobs WHERE visible_at <= now() AND attempts < $1
                 ORDER BY visible_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             UPDATE jobs SET visible_at = now() + make_interval(secs => $3), claims = claims + 1, attempts = attempts + 1
             FROM next WHERE jobs.id = next.id
             RETURNING jobs.id, claims, payload",
            &[&i32::try_from(attempts).unwrap_or(i32::MAX), &(most as i64), &lease.as_secs_f64()],
        )?;
        let claim = |row: &postgres::Row| Claim { id: row.get(0), number: row.get(1), payload: row.get(2) };
        let mut claims: Vec<Claim> = rows.iter().map(claim).collect();
        claims.sort_by_key(|claim| claim.id);
        Ok(claims)
    }

    /// Puts off the end of these leases. Returns the jobs for which that was not possible: others hold them now, or have done them.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn renew(&mut self, held: &[(i64, i64)], lease: Duration) -> Result<Vec<(i64, i64)>, Error> {
        let (ids, numbers): (Vec<i64>, Vec<i64>) = held.iter().copied().unzip();
        let rows = self.0.query(
            "UPDATE jobs SET visible_at = now() + make_interval(secs => $3)
             FROM unnest($1::bigint[], $2::bigint[]) AS held (id, number)
             WHERE jobs.id = held.id AND jobs.claims = held.number
             RETURNING jobs.id, claims",
            &[&ids, &numbers, &lease.as_secs_f64()],
        )?;
        let renewed: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        Ok(held.iter().copied().filter(|held| !renewed.contains(held)).collect())
    }

    /// The job is done. Returns whether the claim still held.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn acknowledge(&mut self, claim: &Claim) -> Result<bool, Error> {
        let deleted = "DELETE FROM jobs WHERE id = $1 AND claims = $2";
        Ok(self.0.execute(deleted, &[&claim.id, &claim.number])? == 1)
    }

    /// The job was not begun, and others may have it. Returns whether the claim still held.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn release(&mut self, claim: &Claim) -> Result<bool, Error> {
        let released =
            "UPDATE jobs SET visible_at = now(), attempts = attempts - 1 WHERE id = $1 AND claims = $2";
        Ok(self.0.execute(released, &[&claim.id, &claim.number])? == 1)
    }

    /// The job has failed, and may be tried again after this time. Returns whether the claim still held.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn fail(&mut self, claim: &Claim, error: &str, retry_after: Duration) -> Result<bool, Error> {
        let failed = "UPDATE jobs SET visible_at = now() + make_interval(secs => $3), last_error = $4
                      WHERE id = $1 AND claims = $2";
        // A text in PostgreSQL has no zero byte.
        let error = error.replace('\0', "\u{fffd}");
        let parameters: [&(dyn postgres::types::ToSql + Sync); 4] =
            [&claim.id, &claim.number, &retry_after.as_secs_f64(), &error];
        Ok(self.0.execute(failed, &parameters)? == 1)
    }
}
