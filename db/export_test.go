package db

// Raw returns what the queries run on, so that a test can send SQL that forgets
// its WHERE.
func Raw(q *Queries) DBTX { return q.db }
