// Warnings: things an administrator should look at. One row per subject, counted up when it happens again.
#pragma once
#include <optional>
#include <string>

#include "api/types/warning.h"
#include "db/database.h"
#include "db/warnings.h"

namespace core {

enum class WarningType : int {
#define WARNING_TYPE(symbol, code, severity, text) symbol = code,
#include "core/warning_types.def"
#undef WARNING_TYPE
};
bool is_warning_type(int64_t code);
std::string_view warning_text(WarningType type);      ///< "Couldn't find the CGroup blkio"
std::string_view warning_severity(WarningType type);  ///< "low", "moderate", "high"

/// Kinds of entities by the numbers in the database.
enum class EntityType : int {
#define ENTITY_TYPE(symbol, code, name) symbol = code,
#include "core/entity_types.def"
#undef ENTITY_TYPE
  none = -1,
};
bool is_entity_type(int64_t code);

/// What a warning is about. Server-wide ones have neither project nor entity.
struct WarningSubject {
  WarningType type;
  std::string project = "";
  EntityType entity = EntityType::none;
  int64_t entity_id = -1;
  std::string location = "none";  ///< cluster member; empty: about none
};

/// Records it, or counts up the existing one (and reopens a resolved one). Errors: not_found (project, entity).
Result<> warn(db::Tx& tx, const WarningSubject& subject, const std::string& message);
/// Resolves what is open about the subject; an entity_id of -1 means all of that kind and type.
Result<> resolve_warnings(db::Tx& tx, const WarningSubject& subject);
/// The entity is gone: its warnings go too.
Result<> forget_entity(db::Tx& tx, EntityType entity, int64_t id);
/// The API path of an entity; "" if it is gone or none.
Result<std::string> entity_path(db::Tx& tx, EntityType entity, int64_t id);
Result<api::Warning> render_warning(db::Tx& tx, const db::warnings::Row& row);

}  // namespace core
