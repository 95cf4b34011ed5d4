"""The only place that speaks SQL: engine, viewer scope, models, one query file a subject, migrations. No HTML."""
