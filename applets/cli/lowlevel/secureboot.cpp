// `incus low-level secureboot`: the keys and digests that a virtual machine's firmware trusts, and those it refuses.
#include <unistd.h>

#include <algorithm>

#include "api/guid.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/lowlevel/signature_file.h"
#include "applets/cli/table.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/noun.h"
#include "archive/hash.h"
#include "base/encode.h"
#include "base/timestamp.h"
#include "http/certificate.h"

namespace cli {
namespace {

struct Store {
  const char *word, *guid, *name;
  bool certificates_only;
};
constexpr const char *kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c", *kImages = "d719b2cb-3d3a-4596-a3bc-dad00e67656f", *kShim = "605dab50-e046-4300-abb6-3dd810dd8b23";
constexpr Store kStores[] = {
    {"pk", kGlobal, "PK", true}, {"kek", kGlobal, "KEK", true}, {"db", kImages, "db", false}, {"dbx", kImages, "dbx", false}, {"dbt", kImages, "dbt", true}, {"mok", kShim, "MokList", false},
};

/// One invocation's list of signatures, on its server.
struct Target {
  client::Server server;
  const Store& store;
  std::string path;
};

Result<Target> target_of(Call& call) {
  const Store* store = std::ranges::find(kStores, call.args[1].text, &Store::word);  // the usage line knows no other words
  return Target{TRY(call.server(call.args[0])), *store, instance_url(call.args[0].object().text, std::format("/nvram/{}/{}", store->guid, store->name))};
}

Json lists_of(const Json& variable) {
  Json lists = variable.value("data", Json::array());
  return lists.is_array() ? lists : Json::array();
}

/// A variable that is not there yet: authenticated by time as firmware wants them, but for the shim's own.
Json fresh_variable(const Store& store) {
  Json out = {{"data", Json::array()}, {"attributes", {"NON_VOLATILE", "BOOTSERVICE_ACCESS"}}};
  if (store.guid == kShim) return out;
  out["attributes"].push_back("RUNTIME_ACCESS");
  out["attributes"].push_back("TIME_BASED_AUTHENTICATED_WRITE_ACCESS");
  out["timestamp"] = Timestamp::now().rfc3339();
  return out;
}

/// As it is now; a new one without an ETag.
Result<client::Reply> variable_or_fresh(Call& call, Target& target) {
  auto found = target.server.get(call.ctx, target.path);
  if (found) return found;
  // A missing instance is an error, a missing variable is not.
  TRY(target.server.get(call.ctx, instance_url(call.args[0].object().text)));
  if (found.error().code() != Code::not_found) return found;
  client::Reply reply;
  reply.metadata = fresh_variable(target.store);
  return reply;
}

Result<> save(Call& call, Target& target, client::Reply before, Json lists) {
  before.metadata["data"] = std::move(lists);
  before.metadata.erase("binary");
  TRY(target.server.query(call.ctx, http::Method::put, target.path, api::dump_json(before.metadata), before.etag));
  return {};
}

Result<std::string> owner_flag(Call& call) {
  return TRY_CTX(api::guid_of(call.flags.text("owner")), "Unable to parse owner {}", call.flags.text("owner"));
}

Result<std::string> read_input(const std::string& path) {
  if (means_stdin(path)) return read_stdin();
  return TRY_CTX(read_file(path), "Failed reading input file");
}

std::string data_of(const Json& entry) { return base64_decode(member_text(entry, "data")).value_or(""); }

std::string fingerprint_of(const std::string& data) {
  return http::der_to_pem(data).empty() ? hex_encode(data) : archive::sha256_hex(data);
}

Json list_json(const Signature& signature, const std::string& owner) {
  return {{"type", signature.type}, {"entries", Json::array({{{"owner", owner}, {"data", base64_encode(signature.data)}}})}};
}

// What a column shows of {type, owner, data}, with `certificate` (PEM) where there is one.

constexpr const char* kNoCertificate = "(not a certificate)";

http::CertificateInfo info_of(const Json& item) {
  auto info = http::parse_certificate(member_text(item, "certificate"));
  return info ? *info : http::CertificateInfo{.subject = kNoCertificate, .issuer = kNoCertificate, .common_name = kNoCertificate};
}
/// CN of a name as info_of() has it.
std::string common_part(const std::string& name) {
  if (name == kNoCertificate) return name;
  size_t at = name.starts_with("CN=") ? 0 : name.find(",CN=");
  if (at == name.npos) return "";
  at = name.find('=', at) + 1;
  std::string out;
  for (; at < name.size() && name[at] != ','; at++) {
    if (name[at] == '\\' && at + 1 < name.size()) at++;
    out += name[at];
  }
  return out;
}
std::string long_fingerprint_cell(const Json& item) { return fingerprint_of(data_of(item)); }
std::string fingerprint_cell(const Json& item) { return long_fingerprint_cell(item).substr(0, 12); }
std::string issuer_cell(const Json& item) { return common_part(info_of(item).issuer); }
std::string long_issuer_cell(const Json& item) { return info_of(item).issuer; }
std::string owner_name_cell(const Json& item) { return api::guid_name(item["owner"]); }
std::string subject_cell(const Json& item) { return info_of(item).common_name; }
std::string long_subject_cell(const Json& item) { return info_of(item).subject; }

constexpr Column kColumns[] = {
    {'f', "FINGERPRINT", fingerprint_cell}, {'F', "FINGERPRINT", long_fingerprint_cell}, {'i', "ISSUER", issuer_cell}, {'I', "ISSUER", long_issuer_cell},
    {'o', "OWNER GUID", text_cell<"owner">}, {'O', "OWNER GUID NAME", owner_name_cell}, {'r', "RAW VALUE", text_cell<"data">}, {'s', "SUBJECT", subject_cell},
    {'S', "SUBJECT", long_subject_cell}, {'t', "TYPE", text_cell<"type">},
};

Json numbers(const std::string& bytes) {
  Json out = Json::array();
  for (char byte : bytes) out.push_back(static_cast<unsigned char>(byte));
  return out;
}

/// YAML has bytes as numbers.
Json as_yaml(const Json& lists) {
  Json out = Json::array();
  for (const Json& list : lists) {
    Json entries = Json::array();
    for (const Json& entry : list["entries"]) entries.push_back({{"owner", entry["owner"]}, {"data", numbers(data_of(entry))}});
    out.push_back({{"type", list["type"]}, {"header", numbers(base64_decode(member_text(list, "header")).value_or(""))}, {"entries", std::move(entries)}});
  }
  return out;
}

Result<> list(Call& call) {
  Target target = TRY(target_of(call));
  Json lists = lists_of(TRY(target.server.get(call.ctx, target.path)).metadata);
  auto columns = TRY(select_columns(kColumns, call.flags.text("columns")));
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  for (const Json& list : lists)
    for (Json item : list["entries"]) {
      item["type"] = list["type"];
      item["certificate"] = http::der_to_pem(data_of(item));
      StringList row;
      for (const Column* column : columns) row.push_back(column->cell(item));
      table.rows.push_back(std::move(row));
    }
  sort_rows(table.rows);
  return print_table(call.format(), table, call.format().starts_with("yaml") ? as_yaml(lists) : lists);
}

Result<std::vector<Signature>> digest_of(Call& call, const Store& store, const std::string& content) {
  std::string type = call.flags.text("type");
  if (call.flags.on("bundle")) return fail(Code::invalid, "--bundle cannot be used with --type");
  if (store.certificates_only) return fail(Code::invalid, "Cannot store a signature in PK, KEK or dbt");
  if (type != "sha256" && type != "sha384" && type != "sha512") return fail(Code::invalid, "Unknown signature type {}", type);
  return std::vector<Signature>{{type, TRY(archive::digest(type, content))}};
}

Result<> check_kinds(const Store& store, const std::vector<Signature>& signatures) {
  if (store.certificates_only && std::ranges::any_of(signatures, [](const Signature& one) { return one.type != "x509"; }))
    return fail(Code::invalid, "Cannot store a signature in PK, KEK or dbt");
  return {};
}

bool holds(const Json& lists, const Signature& signature) {
  std::string data = base64_encode(signature.data);
  return std::ranges::any_of(lists, [&](const Json& list) {
    return std::ranges::any_of(list["entries"], [&](const Json& entry) { return entry["data"] == data; });
  });
}

Result<> add(Call& call) {
  Target target = TRY(target_of(call));
  std::string content = TRY(read_input(call.args[2].text)), owner = TRY(owner_flag(call));
  auto signatures = TRY(call.flags.given("type") ? digest_of(call, target.store, content) : read_signatures(content, call.flags.on("bundle")));
  TRY(check_kinds(target.store, signatures));
  client::Reply before = TRY(variable_or_fresh(call, target));
  Json lists = lists_of(before.metadata);
  if (target.store.name == std::string_view("PK") && std::ranges::any_of(lists, [](const Json& list) { return !list["entries"].empty(); }))
    return fail(Code::conflict, "A PK certificate is already enrolled; remove it first to enroll a new one");
  for (const Signature& one : signatures) {
    if (!holds(lists, one)) lists.push_back(list_json(one, owner));
    else if (!call.flags.on("skip")) return fail(Code::conflict, "The given {} is already present in this ESL", one.type == "x509" ? "certificate" : "signature");
  }
  return save(call, target, std::move(before), std::move(lists));
}

Result<> import(Call& call) {
  Target target = TRY(target_of(call));
  std::string content = TRY(read_input(call.args[2].text)), owner = TRY(owner_flag(call));
  auto signatures = TRY(read_signatures(content, true));
  TRY(check_kinds(target.store, signatures));
  if (target.store.name == std::string_view("PK") && signatures.size() > 1) return fail(Code::invalid, "Only one PK certificate can be enrolled; got {}", signatures.size());
  client::Reply before = TRY(variable_or_fresh(call, target));
  if (!before.etag.empty() && !call.flags.on("force")) return fail(Code::conflict, "The given ESL already exists; use --force to override");
  Json lists = Json::array();
  for (const Signature& one : signatures) lists.push_back(list_json(one, owner));
  return save(call, target, std::move(before), std::move(lists));
}

Result<> export_(Call& call) {
  Target target = TRY(target_of(call));
  std::string path = call.args[2].get(std::format("{}.{}.pem", call.args[0].object().text, call.args[1].text));
  if (!means_stdout(path) && !call.flags.on("force") && access(path.c_str(), F_OK) == 0) return fail(Code::conflict, "Target path {} already exists", quote(path));
  std::string out;
  for (const Json& list : lists_of(TRY(target.server.get(call.ctx, target.path)).metadata))
    for (const Json& entry : list["entries"]) out += http::to_pem_block(list["type"] == "x509" ? "CERTIFICATE" : "SIGNATURE", data_of(entry));
  FILE* file = means_stdout(path) ? stdout : fopen(path.c_str(), "we");
  if (!file) return fail_errno("open " + path);
  bool written = fwrite(out.data(), 1, out.size(), file) == out.size();
  written = (file == stdout ? fflush(file) : fclose(file)) == 0 && written;
  if (!written) return fail_errno("write " + path);
  return {};
}

/// Which signatures go: by the start of the fingerprint, or by owner and type.
struct Choice {
  std::string fingerprint, owner, type;
  bool takes(const Json& list, const Json& entry) const {
    if (!fingerprint.empty()) return fingerprint_of(data_of(entry)).starts_with(fingerprint);
    return list["type"] == type || entry["owner"] == owner;
  }
};

Result<Choice> choice_of(Call& call) {
  bool narrowed = call.flags.given("owner") || call.flags.given("type");
  if (!call.flags.on("all")) {
    if (narrowed) return fail(Code::invalid, "--owner and --type require --all to be set");
    return Choice{.fingerprint = call.args[2].text, .owner = "", .type = ""};
  }
  return Choice{.fingerprint = "", .owner = call.flags.given("owner") ? TRY(owner_flag(call)) : "", .type = call.flags.text("type")};
}

Result<> remove(Call& call) {
  Target target = TRY(target_of(call));
  Choice choice = TRY(choice_of(call));
  client::Reply before = TRY(target.server.get(call.ctx, target.path));
  if (call.flags.on("all") && !call.flags.given("owner") && !call.flags.given("type")) {
    TRY(target.server.query(call.ctx, http::Method::delete_, target.path));
    return {};
  }
  Json kept = Json::array();
  size_t removed = 0;
  for (Json list : lists_of(before.metadata)) {
    Json entries = Json::array();
    for (const Json& entry : list["entries"])
      if (!choice.takes(list, entry)) entries.push_back(entry);
    removed += list["entries"].size() - entries.size();
    list["entries"] = std::move(entries);
    if (!list["entries"].empty()) kept.push_back(std::move(list));
  }
  if (removed == 0) return fail(Code::not_found, "No signature matches");
  if (!choice.fingerprint.empty() && removed > 1) return fail(Code::invalid, "Several signatures match the given fingerprint");
  return save(call, target, std::move(before), std::move(kept));
}

constexpr Flag kOwnerFlag = {"owner", FlagKind::text, "Whose the signatures are: a GUID, or its familiar name", "Incus"};
constexpr Flag kAddFlags[] = {{"bundle", FlagKind::boolean, "Take all certificates and digests of the file, not just the first certificate"}, kOwnerFlag,
                              {"skip", FlagKind::boolean, "Pass over what is there already"},
                              {"type|t", FlagKind::text, "Add the file's digest instead: sha256, sha384 or sha512"}};
constexpr Flag kExportFlags[] = {{"force|f", FlagKind::boolean, "Overwrite the file"}};
constexpr Flag kImportFlags[] = {{"force|f", FlagKind::boolean, "Replace what is there"}, kOwnerFlag};
constexpr Flag kListFlags[] = {{"columns|c", FlagKind::text, "Columns", "tOfs"}, kFormatFlag};
constexpr Flag kRemoveFlags[] = {{"all|a", FlagKind::boolean, "Remove all signatures, or those that --owner or --type names"}, {"owner", FlagKind::text, "With --all: those of this owner"},
                                 {"type", FlagKind::text, "With --all: those of this type (x509, sha256, …)"}};

constexpr const char* kStoresAbout =
    "Lists of signatures:\n  pk   the platform's key, whose owner decides about all others\n  kek  keys that may change db and dbx\n  db   what may boot\n  dbx  what may not\n"
    "  dbt  authorities for timestamps\n  mok  what the shim trusts besides\nA machine has to be stopped for changes.";

constexpr Command kCommands[] = {
    {.path = "low-level secureboot", .summary = "Manage the Secure Boot keys of virtual machines", .options = kGroup},
    {.path = "low-level secureboot add", .usage = "[<remote>:]<instance> (pk|kek|db|dbx|dbt|mok) <file>", .summary = "Add certificates or digests to a list", .run = add, .flags = kAddFlags,
     .about = kStoresAbout, .examples = "incus low-level secureboot add v1 db mine.crt\n    v1 also boots what was signed with this key."},
    {.path = "low-level secureboot export", .usage = "[<remote>:]<instance> (pk|kek|db|dbx|dbt|mok) [<target file>]", .summary = "Write a list to a PEM file", .run = export_, .flags = kExportFlags,
     .about = kStoresAbout},
    {.path = "low-level secureboot import", .usage = "[<remote>:]<instance> (pk|kek|db|dbx|dbt|mok) <file>", .summary = "Make a list of what a PEM or DER file holds", .run = import, .flags = kImportFlags,
     .about = kStoresAbout},
    {.path = "low-level secureboot list", .usage = "[<remote>:]<instance> (pk|kek|db|dbx|dbt|mok)", .summary = "Show a list", .run = list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  f  start of the fingerprint\n  F  fingerprint\n  i  issuer's name\n  I  issuer\n  o  owner's GUID\n  O  familiar name of the owner's GUID\n  r  bytes, in base64\n"
              "  s  subject's name\n  S  subject\n  t  type"},
    {.path = "low-level secureboot remove", .usage = "[<remote>:]<instance> (pk|kek|db|dbx|dbt|mok) (<fingerprint>|--all)", .summary = "Remove signatures from a list", .run = remove,
     .flags = kRemoveFlags, .aliases = "delete,rm", .about = kStoresAbout},
};

}  // namespace

extern const CommandTable low_level_secureboot_commands = kCommands;

}  // namespace cli
