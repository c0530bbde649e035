"""The Khulasa server: translation and aligned bilingual summaries over gRPC."""
