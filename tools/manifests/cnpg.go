package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// cluster is what PayAid uses of a CloudNativePG Cluster; the names are those of its
// API reference (1.28).
type cluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Instances             int                         `json:"instances"`
		ImageName             string                      `json:"imageName"`
		EnablePDB             bool                        `json:"enablePDB,omitempty"`
		PrimaryUpdateStrategy string                      `json:"primaryUpdateStrategy,omitempty"`
		Resources             corev1.ResourceRequirements `json:"resources"`
		Storage               storage                     `json:"storage"`
		WALStorage            *storage                    `json:"walStorage,omitempty"`
		PostgreSQL            struct {
			Parameters map[string]string `json:"parameters"`
		} `json:"postgresql"`
		Bootstrap struct {
			InitDB struct {
				Database string    `json:"database"`
				Owner    string    `json:"owner"`
				Secret   reference `json:"secret"`
				Encoding string    `json:"encoding,omitempty"`
			} `json:"initdb"`
		} `json:"bootstrap"`
		Managed struct {
			Roles []struct {
				Name           string     `json:"name"`
				Ensure         string     `json:"ensure"`
				Login          bool       `json:"login"`
				CreateDB       bool       `json:"createdb,omitempty"`
				BypassRLS      bool       `json:"bypassrls,omitempty"`
				InRoles        []string   `json:"inRoles,omitempty"`
				PasswordSecret *reference `json:"passwordSecret"`
			} `json:"roles"`
		} `json:"managed"`
	} `json:"spec"`
}

type storage struct {
	Size         string `json:"size"`
	StorageClass string `json:"storageClass,omitempty"`
}

type reference struct {
	Name string `json:"name"`
}
