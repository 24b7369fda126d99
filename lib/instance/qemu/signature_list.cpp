#include "instance/qemu/signature_list.h"

#include "base/encode.h"
#include "base/strings.h"
#include "instance/qemu/guid_bytes.h"

namespace instance {
namespace {

struct Type {
  const char *name, *guid;
};
constexpr Type kTypes[] = {
    {"pkcs7", "4aafd29d-68df-49ee-8aa9-347d375665a7"},
    {"rsa2048", "3c5766e8-269c-4e34-aa14-ed776e85b3b6"},
    {"rsa2048-sha1", "67f8444f-8743-48f1-a328-1eaab8736080"},
    {"rsa2048-sha256", "e2b36190-879b-4a3d-ad8d-f2e7bba32784"},
    {"sha1", "826ca512-cf10-4ac9-b187-be01496631bd"},
    {"sha224", "0b6e5233-a65c-44c9-9407-d9ab83bfc8bd"},
    {"sha256", "c1c41626-504c-4092-aca9-41f936934328"},
    {"sha384", "ff3e5307-9fd0-48c9-85f1-8ad56c701e01"},
    {"sha512", "093e0fae-a6c4-4f50-9f1b-d41e2b89c19a"},
    {"sm3", "57347f87-7a9b-403a-b93c-dc4afb7a0ebc"},
    {"x509", "a5c059a1-94e4-4aa7-87b5-ab155c2bf072"},
    {"x509-sha256", "3bd2a492-96c0-4079-b420-fcf98ef103ed"},
    {"x509-sha384", "7076876e-80c2-4ee6-aad2-28b349a6865b"},
    {"x509-sha512", "446dbf63-2502-4cda-bcfa-2465d2b0fe9d"},
    {"x509-sm3", "60d807e5-10b4-49a9-9331-e40437888d37"},
};

constexpr size_t kHeader = 28, kOwner = 16;  // of a list, and of each entry

Failure damaged() { return fail(Code::invalid, "The signature list is damaged"); }

Json entries_json(std::string_view body, size_t size) {
  Json out = Json::array();
  for (size_t at = 0; at < body.size(); at += size)
    out.push_back({{"owner", guid_text(body.substr(at, kOwner))}, {"data", base64_encode(body.substr(at + kOwner, size - kOwner))}});
  return out;
}

/// The list at the start of `bytes`, which is taken off.
Result<Json> take_list(std::string_view& bytes) {
  if (bytes.size() < kHeader) return damaged();
  size_t list = little_endian(bytes, 16, 4), header = little_endian(bytes, 20, 4), entry = little_endian(bytes, 24, 4);
  if (list < kHeader || list > bytes.size() || header > list - kHeader) return damaged();
  std::string_view body = bytes.substr(kHeader + header, list - kHeader - header);
  if (!body.empty() && (entry < kOwner || body.size() % entry != 0)) return damaged();
  std::string guid = guid_text(bytes.substr(0, 16));
  for (const Type& type : kTypes) {
    if (guid != type.guid) continue;
    Json out = {{"type", type.name}};
    if (header > 0) out["header"] = base64_encode(bytes.substr(kHeader, header));
    out["entries"] = entries_json(body, entry);
    bytes.remove_prefix(list);
    return out;
  }
  return fail(Code::invalid, "Unknown signature type {}", guid);
}

std::string text_member(const Json& object, const char* name) {
  auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<std::string> bytes_member(const Json& object, const char* name) {
  auto bytes = base64_decode(text_member(object, name));
  if (!bytes) return fail(Code::invalid, "The {} of a signature is no base64 text", name);
  return *bytes;
}

Result<std::string> list_bytes(const Json& list) {
  std::string type_name = text_member(list, "type"), out;
  for (const Type& type : kTypes)
    if (type_name == type.name) out = TRY(guid_bytes(type.guid));
  if (out.empty()) return fail(Code::invalid, "Unknown signature type {}", type_name);
  std::string header = TRY(bytes_member(list, "header")), body;
  size_t size = 0;
  for (const Json& entry : list.value("entries", Json())) {
    std::string one = TRY(guid_bytes(text_member(entry, "owner")));
    one += TRY(bytes_member(entry, "data"));
    if (size != 0 && one.size() != size) return fail(Code::invalid, "Inhomogeneous signature sizes");
    size = one.size();
    body += one;
  }
  append_little_endian(out, kHeader + header.size() + body.size(), 4);
  append_little_endian(out, header.size(), 4);
  append_little_endian(out, size, 4);
  return out + header + body;
}

}  // namespace

Result<Json> parse_signature_lists(std::string_view bytes) {
  Json out = Json::array();
  while (!bytes.empty()) out.push_back(TRY(take_list(bytes)));
  return out;
}

Result<std::string> signature_lists_bytes(const Json& lists) {
  std::string out;
  if (lists.is_null()) return out;
  if (!lists.is_array()) return fail(Code::invalid, "A list of signature lists is wanted");
  for (const Json& list : lists) out += TRY(list_bytes(list));
  return out;
}

}  // namespace instance
