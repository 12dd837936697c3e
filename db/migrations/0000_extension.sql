-- Lets one GIN index hold a number (the bucket) beside the words of search_items.
CREATE EXTENSION IF NOT EXISTS btree_gin;
