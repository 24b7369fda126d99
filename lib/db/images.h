// Images and their aliases.
#pragma once
#include <optional>

#include "api/types/image.h"
#include "db/codes.h"
#include "db/database.h"

namespace db::images {

struct Row {
  int64_t id = 0;
  std::string project;
  std::string fingerprint;
  std::string filename;
  int64_t size = 0;
  bool public_ = false;
  bool cached = false;
  bool auto_update = false;
  InstanceType type = InstanceType::container;
  int architecture = 0;
  Timestamp created_at;
  Timestamp expires_at;
  Timestamp uploaded_at;
  Timestamp last_used_at;
  StringMap properties;
  StringList profiles;                     ///< names
  std::string profile_project;             ///< whose profiles these are when they are saved; empty: the image's own project's
  std::vector<api::ImageAlias> aliases;    ///< filled by the loads, not stored by create and update
  std::optional<api::ImageSource> source;  ///< server, protocol, certificate, alias

  api::Image to_api() const;
};

struct AliasRow {
  int64_t id = 0;
  std::string name;
  std::string description;
  std::string fingerprint;
  InstanceType type = InstanceType::container;
};

struct Filter {
  std::optional<std::string> project;
  std::optional<std::string> fingerprint;
  std::optional<bool> cached;
  bool public_only = false;
};

/// Ordered by project and fingerprint; five queries in total.
Result<std::vector<Row>> load_all(Tx& tx, const Filter& filter = {});
/// `prefix`: a whole fingerprint or its unambiguous beginning.
/// Errors: not_found "Image not found", invalid where several images match.
Result<Row> load(Tx& tx, const std::string& project, const std::string& prefix);
/// Any project. Errors: not_found.
Result<std::vector<Row>> load_anywhere(Tx& tx, const std::string& fingerprint);
/// Errors: conflict.
Result<int64_t> create(Tx& tx, const Row& row);
/// filename, size, public, auto_update, architecture, dates, properties, profiles.
Result<> update(Tx& tx, Row row);
Result<> set_source(Tx& tx, int64_t id, const api::ImageSource& source);
Result<> set_cached(Tx& tx, int64_t id, bool cached);
Result<> set_last_used(Tx& tx, int64_t id, Timestamp when);
Result<> remove(Tx& tx, int64_t id);
/// Fingerprint of the cached or stored image that came from this server, protocol and alias, if there is one.
Result<std::optional<std::string>> find_by_source(Tx& tx, const api::ImageSource& source, InstanceType type, int architecture);

Result<std::vector<AliasRow>> load_aliases(Tx& tx, const std::string& project);
/// Errors: not_found "Image alias not found".
Result<AliasRow> load_alias(Tx& tx, const std::string& project, const std::string& name);
/// Errors: conflict, not_found (image).
Result<int64_t> create_alias(Tx& tx, const std::string& project, const std::string& name, const std::string& description, int64_t image_id);
Result<> update_alias(Tx& tx, int64_t id, const std::string& description, int64_t image_id);
Result<> rename_alias(Tx& tx, int64_t id, const std::string& name);
Result<> remove_alias(Tx& tx, int64_t id);
/// Aliases of `from` point to `to` afterwards.
Result<> move_aliases(Tx& tx, int64_t from, int64_t to);

}  // namespace db::images
