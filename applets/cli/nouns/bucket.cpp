// `incus storage bucket`: S3 buckets and their keys.
#include <print>

#include "api/types/storage_pool_bucket.h"
#include "applets/cli/input.h"
#include "applets/cli/transfer.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/verbs/noun.h"
#include "base/timestamp.h"

namespace cli {

namespace {

constexpr Column kBucketColumns[] = {{'e', "PROJECT", text_cell<"project">}, {'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'L', "LOCATION", text_cell<"location">}};
constexpr Noun kBucket = {
    .what = "storage bucket",
    .title = "Storage bucket",
    .collection = "/1.0/storage-pools/{}/buckets",
    .wire = kWire<api::StorageBucket, api::StorageBucketPut>,
    .edit_help = "The bucket as YAML; comment lines like these are dropped.\n\nMembers: config (keys and values), description. Other members are only shown.",
    .columns = kBucketColumns,
    .all_projects_column = "e",
    .traits = kHasConfig | kQuotedName | kLocationColumn,
};

constexpr Column kKeyColumns[] = {{'n', "NAME", text_cell<"name">}, {'d', "DESCRIPTION", text_cell<"description">}, {'r', "ROLE", text_cell<"role">}};
constexpr Noun kKey = {
    .what = "storage bucket key",
    .title = "Storage bucket key",
    .collection = "/1.0/storage-pools/{}/buckets/{}/keys",
    .wire = kWire<api::StorageBucketKey, api::StorageBucketKeyPut>,
    .edit_help = "The bucket key as YAML; comment lines like these are dropped.\n\nMembers: description, role (admin or read-only), access_key, secret_key.",
    .columns = kKeyColumns,
    .traits = kQuotedName,
};

/// The document of standard input as a noun's writable part, with flags of the same names put over it.
Result<Json> body_of(Call& call, const Noun& noun, std::initializer_list<std::pair<const char*, const char*>> flags) {
  Json document = TRY(document_from_stdin());
  Json body = TRY(noun.wire.to_writable(document.is_object() ? document : Json::object()));
  for (auto [flag, member] : flags) {
    if (std::string text = call.flags.text(flag); !text.empty()) body[member] = text;
  }
  return body;
}

Result<> create(Call& call) {
  Target target = TRY(target_of(call, kBucket));
  StringMap config = TRY(read_pairs(call.args[2]));
  Json body = TRY(body_of(call, kBucket, {{"description", "description"}}));
  for (const auto& [key, value] : config) body["config"][key] = value;
  body["name"] = call.args[1].text;
  Json key = TRY(target.server.query(call.ctx, http::Method::post, target.path.substr(0, target.path.rfind('/')), api::dump_json(body))).metadata;
  call.say(std::format("Storage bucket {} created", target.shown));
  if (!key.is_object()) return {};
  call.say("Admin access key: " + member_text(key, "access_key"));
  call.say("Admin secret key: " + member_text(key, "secret_key"));
  return {};
}

Result<> list(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  std::string filter = server_filter(call.args[1].texts());
  return list_objects(call, kBucket, server, collection_path(kBucket, {call.args[0].object().text}), filter.empty() ? "" : "filter=" + filter);
}

Result<> key_create(Call& call) {
  Target target = TRY(target_of(call, kKey));
  Json body = TRY(body_of(call, kKey, {{"role", "role"}, {"access-key", "access_key"}, {"secret-key", "secret_key"}, {"description", "description"}}));
  body["name"] = call.args[2].text;
  Json key = TRY(target.server.query(call.ctx, http::Method::post, target.path.substr(0, target.path.rfind('/')), api::dump_json(body))).metadata;
  call.say(std::format("Storage bucket key {} added", quote(member_text(key, "name"))));
  call.say("Access key: " + member_text(key, "access_key"));
  call.say("Secret key: " + member_text(key, "secret_key"));
  return {};
}

Result<> key_delete(Call& call) {
  Target target = TRY(target_of(call, kKey));
  TRY(target.server.query(call.ctx, http::Method::delete_, target.path));
  call.say(std::format("Storage bucket key {} removed", target.shown));
  return {};
}

Result<> key_list(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  if (!call.flags.text("target").empty()) server = server.target(call.flags.text("target"));
  return list_objects(call, kKey, server, collection_path(kKey, {call.args[0].object().text, call.args[1].text}), "");
}

Result<> export_bucket(Call& call) {
  Target target = TRY(target_of(call, kBucket));
  Json request = {{"name", ""}, {"expires_at", Timestamp::now().plus(std::chrono::hours(23)).rfc3339()}, {"compression_algorithm", call.flags.text("compression")}};
  return download_backup(call, target.server, {.collection = target.path + "/backups", .request = request, .name = call.args[1].text, .target = &call.args[2], .fetch_problem = "Failed to fetch storage bucket backup file"});
}

Result<> import_bucket(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  if (!call.flags.text("target").empty()) server = server.target(call.flags.text("target"));
  StringMap headers;
  if (!call.args[2].skipped) headers["X-Incus-name"] = call.args[2].text;
  return upload_backup(call, server, {.collection = collection_path(kBucket, {call.args[0].object().text}), .path = call.args[1].text, .headers = headers, .progress = "Importing bucket: {}"});
}

constexpr Flag kExportFlags[] = {{"compression", FlagKind::text, "Compressor, or none"}, {"force|f", FlagKind::boolean, "Overwrite an existing file"}, kTargetFlag};
constexpr Flag kListFlags[] = {columns_flag("nd"), kFormatFlag, kAllProjectsFlag};
constexpr Flag kKeyListFlags[] = {columns_flag("ndr"), kFormatFlag, kTargetFlag};
constexpr Flag kKeyCreateFlags[] = {{"access-key", FlagKind::text, "Access key, instead of a random one"}, kDescriptionFlag, {"role", FlagKind::text, "admin or read-only", "read-only"},
                                    {"secret-key", FlagKind::text, "Secret key, instead of a random one"}, kTargetFlag};

constexpr Command kCommands[] = {
    {.path = "storage bucket", .summary = "Manage storage buckets", .options = kGroup},
    {.path = "storage bucket create", .usage = "[<remote>:]<pool> <new bucket name> [<key>=<value>...]", .summary = "Make a bucket", .run = create, .flags = kDescriptionTargetFlags, .aliases = "add", .options = kStrictPairs},
    {.path = "storage bucket delete", .usage = "[<remote>:]<pool> <bucket>", .summary = "Delete a bucket", .run = delete_verb, .flags = kTargetFlags, .aliases = "rm,remove", .data = &kBucket},
    {.path = "storage bucket edit", .usage = "[<remote>:]<pool> <bucket>", .summary = "Edit a bucket as YAML", .run = edit_verb, .flags = kTargetFlags, .data = &kBucket},
    {.path = "storage bucket export", .usage = "[<remote>:]<pool> <bucket> [<target file>]", .summary = "Write a bucket to a file", .run = export_bucket, .flags = kExportFlags},
    {.path = "storage bucket get", .usage = "[<remote>:]<pool> <bucket> <key>", .summary = "Print the value of a key", .run = get_verb, .flags = kPropertyTargetFlags, .data = &kBucket},
    {.path = "storage bucket import", .usage = "[<remote>:]<pool> <backup file> [<bucket>]", .summary = "Make a bucket from a file", .run = import_bucket, .flags = kTargetFlags},
    {.path = "storage bucket key", .summary = "Manage the keys of a bucket", .options = kGroup},
    {.path = "storage bucket key create", .usage = "[<remote>:]<pool> <bucket> <new key name>", .summary = "Make a key", .run = key_create, .flags = kKeyCreateFlags, .aliases = "add"},
    {.path = "storage bucket key delete", .usage = "[<remote>:]<pool> <bucket> <key>", .summary = "Delete a key", .run = key_delete, .flags = kTargetFlags, .aliases = "rm,remove"},
    {.path = "storage bucket key edit", .usage = "[<remote>:]<pool> <bucket> <key>", .summary = "Edit a key as YAML", .run = edit_verb, .flags = kTargetFlags, .data = &kKey},
    {.path = "storage bucket key list", .usage = "[<remote>:]<pool> <bucket>", .summary = "List keys", .run = key_list, .flags = kKeyListFlags, .aliases = "ls", .about = "Columns:\n  d  description\n  n  name\n  r  role"},
    {.path = "storage bucket key show", .usage = "[<remote>:]<pool> <bucket> <key>", .summary = "Show a key", .run = show_verb, .flags = kTargetFlags, .data = &kKey},
    {.path = "storage bucket list", .usage = "[<remote>:]<pool> [<filter>...]", .summary = "List buckets", .run = list, .flags = kListFlags, .aliases = "ls", .about = "Columns:\n  d  description\n  e  project\n  L  cluster member\n  n  name"},
    {.path = "storage bucket set", .usage = "[<remote>:]<pool> <bucket> <key>=<value>...", .summary = "Set keys", .run = set_verb, .flags = kPropertyTargetFlags, .data = &kBucket},
    {.path = "storage bucket show", .usage = "[<remote>:]<pool> <bucket>", .summary = "Show a bucket", .run = show_verb, .flags = kTargetFlags, .data = &kBucket},
    {.path = "storage bucket unset", .usage = "[<remote>:]<pool> <bucket> <key>...", .summary = "Unset keys", .run = unset_verb, .flags = kPropertyTargetFlags, .data = &kBucket},
};

}  // namespace

extern const CommandTable bucket_commands = kCommands;

}  // namespace cli
