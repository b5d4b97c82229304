package main

import (
	"os"
	"strings"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"
)

// outsideFlags name an outside identity provider, as of the whole city's administration. Its secret is never an argument, which others on the machine see.
type outsideFlags struct {
	OIDCIssuer     string   `name:"oidc-issuer" help:"Address of an identity provider (OpenID Connect) by which people may sign in." env:"DAJIUZHU_OIDC_ISSUER" placeholder:"URL"`
	OIDCClient     string   `name:"oidc-client" help:"As what the platform is known there." env:"DAJIUZHU_OIDC_CLIENT"`
	OIDCSecretFile string   `name:"oidc-secret-file" help:"File of the secret that it shares with the provider; DAJIUZHU_OIDC_SECRET holds the secret instead." type:"path" env:"DAJIUZHU_OIDC_SECRET_FILE"`
	OIDCNumber     string   `name:"oidc-number-claim" help:"Claim of its signed token that holds a person's identity number: residents are known by it." env:"DAJIUZHU_OIDC_NUMBER_CLAIM" placeholder:"CLAIM"`
	OIDCScopes     []string `name:"oidc-scope" help:"Asked of it beside openid, so that it tells that claim." env:"DAJIUZHU_OIDC_SCOPE" placeholder:"SCOPE"`
}

// outsideSecret is the variable that holds the secret itself.
const outsideSecret = "DAJIUZHU_OIDC_SECRET"

var (
	outsidePart = fault.Text{Key: "cmd.outside-part",
		Zh: "统一身份认证的配置不全：要有 --oidc-issuer、--oidc-client，以及 --oidc-secret-file 或环境变量 {variable}",
		En: "the identity provider is named in part: --oidc-issuer, --oidc-client and --oidc-secret-file or the variable {variable} are needed"}
	outsideFile = fault.Text{Key: "cmd.outside-file",
		Zh: "统一身份认证的密钥文件{file}读不了，或是空的", En: "the file {file} of the identity provider's secret cannot be read, or is empty"}
)

// outside is the provider, nil if none is named.
func (f *outsideFlags) outside(site string) (*access.Provider, error) {
	secret := os.Getenv(outsideSecret)
	if f.OIDCIssuer == "" && f.OIDCClient == "" {
		return nil, nil
	}
	if f.OIDCSecretFile != "" {
		content, err := os.ReadFile(f.OIDCSecretFile)
		if secret = strings.TrimSpace(string(content)); err != nil || secret == "" {
			return nil, fault.New(fault.Invalid, outsideFile, fault.Args{"file": f.OIDCSecretFile}).Because(err)
		}
	}
	if f.OIDCIssuer == "" || f.OIDCClient == "" || secret == "" {
		return nil, fault.New(fault.Invalid, outsidePart, fault.Args{"variable": outsideSecret})
	}
	return &access.Provider{Issuer: f.OIDCIssuer, ClientID: f.OIDCClient, Secret: sealed.NewSecret(sealed.Other, secret),
		Redirect: strings.TrimSuffix(site, "/") + "/outside", Number: f.OIDCNumber, Scopes: f.OIDCScopes}, nil
}
