// Certificates and tokens for jwt_test.cpp; the private keys were thrown away.
#pragma once

inline constexpr char kRsaCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDATCCAemgAwIBAgIUDAA7qTy0WZmhfjLLkdYOtznEewgwDQYJKoZIhvcNAQEL\n"
    "BQAwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMwNTE4MzlaGA8yMTI2MTAzMDA1\n"
    "MTgzOVowDzENMAsGA1UEAwwEdGVzdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC\n"
    "AQoCggEBAJqExvFMLyipJW42BzVTBVCqwWkICnA3oJe08m+Ilsij425xFUwrNCsn\n"
    "FCigYwkqDvPMC4GkA3rNRs4UwHl/ZO5aKh+wkBL+2zuWXULlmMNADe22xnJfUYs6\n"
    "wjTQxfTiGDRbNYhkYLo1d/6TGQihc54KxlBD19tgAfuz0zIu4X6LnMdLe+QChYwh\n"
    "x26UWerRlDJfWP2zeN6zCr0xKt6Vk6NatKMeo3+c167zD1sA8n19KFpNPQZ3Egov\n"
    "8jBa2vmVcUJNsnPo4fJSJmlXmUEQqEOjLHurWDEKT6RSQ+v0H4Espw4sRv1lBsFV\n"
    "vEUDZB40kLQISB61SIKzENf9Ubg8d9sCAwEAAaNTMFEwHQYDVR0OBBYEFFp6SjWL\n"
    "BQq0Ep7pzgO2cxDirS73MB8GA1UdIwQYMBaAFFp6SjWLBQq0Ep7pzgO2cxDirS73\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAJhRK+Sw4Eohp1JM\n"
    "nQQ98i2B5n2MBI9qA0G56tkM/b04wNhROF1SgYGNvR/Lev0CMjRcNtOu5kzkRzqe\n"
    "TiRSoiTCGeae/+KebnZdeNmLOjAlFCrdeDfld3rVNISVG8vS6fAmfoKoQZy4S7zr\n"
    "M547/gCNoRa0pgDnA0naEh0W83Hv5RO+88Wy091wjIoIfDGJMUXa+qTuQqynRU2m\n"
    "T7XR+ZlzBXSR0qfLA+Py2v9q2LZDbKe39gSQI5d9xmLFsOE1AWdc28fEN0bP9laH\n"
    "vxFBi1FmD0cewZV9vVl7aFiJpnLPeeP7l8pSXoieyRUsM7HUb4nKIkxMMi97Zd9y\n"
    "GHc7wmY=\n"
    "-----END CERTIFICATE-----\n";
inline constexpr char kRsaToken[] =
    "eyJhbGciOiAiUlMyNTYiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAidGVzdCIsICJuYmYiOiAxNzAwMDAwMDAwLCAiZXhwIjogMTcwMDAwMDA2MH0.Folpps3"
    "ZKnZOkvffzRlq8-_bvP_MalkEJ25pEMvD1BdPLho-J1eKPqbOPWJpUJ4etiTwKbwUkrmWWmV69fyU4TYIf_sR_v6NF1mfr3PL4Yi7ta3qfXnKsKJSqTmdR6o"
    "9etVyWoKP3GZoqApMNboynOxZwn_nrQPP-Ivyxt8f5uavKqkdBQu0-BOtM4w8B_TiAmEPRV0gmNB8jGivK96CxqZfykXemsPNSdu-9bBmVkYddVo7AuGIwxQ"
    "BlXmpDMHDzklVgZVsOTzpVLFCYp3CZ5dKlZNXlTb1YsAm87YgF51-FzgimQSTTXRUs0fB_RsWz6F-kskH_Kqfz-mO3UcsNA";
inline constexpr char kEcCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCARugAwIBAgIUPjA4GrX4lmJl9fM1hGEgdYKsYpcwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMwNTE4MzlaGA8yMTI2MTAzMDA1MTgz\n"
    "OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNFb\n"
    "HeMXF0Q4bgNozolB32aCdl9FNS7c4qZwlkDh/awBzxC3d+RiF4daqLxCK1WGm78N\n"
    "z7Letc7OxHyD1HYJ/pejUzBRMB0GA1UdDgQWBBS4qeKZXOaMAIoN4R5Ie7w97/+m\n"
    "yjAfBgNVHSMEGDAWgBS4qeKZXOaMAIoN4R5Ie7w97/+myjAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDFMoAsGmEeavdVC0eGjefnoiw0ZGfb2iTr\n"
    "JSRhWjApCQIhAMQqFDRYlZyxVKI7Ay705kHzon4I+mECIcraRUK12rnV\n"
    "-----END CERTIFICATE-----\n";
inline constexpr char kEcToken[] =
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAidGVzdCIsICJuYmYiOiAxNzAwMDAwMDAwLCAiZXhwIjogMTcwMDAwMDA2MH0.Cy91i8r"
    "4YvWKYL1oVwk_aRxoBihghtlERmL8PsDjYpPGIRLDxF5ml8nbrzKoS0VO8t-shGkFOwVjAt3VZvefOg";
