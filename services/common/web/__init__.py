"""HTTP as services offer it: strict bodies, problem documents, signed tokens, a complete OpenAPI document."""
