package deploy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"payaid/internal/config"
)

// object is what the tests look at in the objects for Kubernetes.
type object struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Data     map[string]string
	Spec     struct {
		Replicas                                 *int
		Template                                 struct{ Spec podSpec }
		Selector                                 struct{ MatchLabels map[string]string }
		MinReplicas, MaxReplicas, MaxUnavailable int
		Managed                                  struct {
			Roles []struct {
				Name                       string
				CreateDB, BypassRLS, Login bool
				InRoles                    []string
			}
		}
	}
}

type podSpec struct {
	EnableServiceLinks, AutomountServiceAccountToken *bool
	TerminationGracePeriodSeconds                    int
	SecurityContext                                  struct{ RunAsNonRoot bool }
	Volumes                                          []struct {
		Name   string
		Secret struct {
			SecretName string
			Items      []struct{ Key, Path string }
		}
	}
	Containers []struct {
		Name, Image                   string
		EnvFrom                       []struct{ ConfigMapRef struct{ Name string } }
		Env                           []struct{ Name, Value string }
		ReadinessProbe, LivenessProbe *struct{ HTTPGet struct{ Path string } }
		Resources                     struct{ Limits, Requests map[string]string }
		SecurityContext               struct {
			ReadOnlyRootFilesystem   bool
			AllowPrivilegeEscalation *bool
			Capabilities             struct{ Drop []string }
		}
	}
}

// renderObjects makes an installation from deploy/k8s/production, with its secrets, and
// returns its objects as kubectl would send them, and where its secrets lie.
func renderObjects(t *testing.T) (objects []object, secrets string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "deploy")
	if err := os.CopyFS(filepath.Join(dir, "k8s"), os.DirFS("k8s")); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{"secrets.sh", "k8s/secrets.sh"} {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, script), text, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	installation := filepath.Join(dir, "k8s", "production")
	for range 2 { // the second time changes nothing, and must not fail
		if out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "k8s", "secrets.sh"), installation).CombinedOutput(); err != nil {
			t.Fatalf("secrets.sh: %v %s", err, out)
		}
	}
	cmd := exec.CommandContext(t.Context(), "../bin/manifests", installation)
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("make test builds bin/manifests: %v %s", err, problem.String())
	}
	if err := json.Unmarshal(out, &objects); err != nil {
		t.Fatal(err)
	}
	if len(objects) < 20 {
		t.Fatalf("only %d objects", len(objects))
	}
	return objects, filepath.Join(installation, "secrets")
}

func TestEveryPodIsHardened(t *testing.T) {
	objects, _ := renderObjects(t)
	var pods []string
	for _, o := range objects {
		if len(o.Spec.Template.Spec.Containers) == 0 {
			continue
		}
		pods = append(pods, o.Metadata.Name)
		pod := o.Spec.Template.Spec
		if o.Metadata.Namespace != "payaid" || !pod.SecurityContext.RunAsNonRoot {
			t.Errorf("%s is in the namespace %q, as root: %t", o.Metadata.Name, o.Metadata.Namespace, !pod.SecurityContext.RunAsNonRoot)
		}
		// With the links there would be variables such as PAYAID_PORT_… for each service.
		if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks || pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
			t.Errorf("%s gets links to services or a token of the cluster", o.Metadata.Name)
		}
		for _, c := range pod.Containers {
			s := c.SecurityContext
			if !s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
				t.Errorf("%s must be read-only and without capabilities", o.Metadata.Name)
			}
			if c.Resources.Limits["memory"] == "" || c.Resources.Requests["cpu"] == "" {
				t.Errorf("%s has the resources %v", o.Metadata.Name, c.Resources)
			}
			if _, tag, _ := strings.Cut(c.Image, ":"); tag == "" || tag == "latest" {
				t.Errorf("%s runs %s", o.Metadata.Name, c.Image)
			}
			if o.Kind != "Job" && c.ReadinessProbe == nil {
				t.Errorf("%s never says whether it is ready", o.Metadata.Name)
			}
		}
	}
	slices.Sort(pods)
	if want := []string{"app", "backup", "cache", "migrate", "valkey", "worker"}; !slices.Equal(pods, want) {
		t.Errorf("the pods are %v, want %v", pods, want)
	}
}

// The application accepts the environment that each pod gives it, and each has the
// secrets that its environment names and no others.
func TestApplicationAcceptsItsEnvironmentOnKubernetes(t *testing.T) {
	objects, secrets := renderObjects(t)
	settings := map[string]map[string]string{}
	for _, o := range objects {
		if o.Kind == "ConfigMap" {
			settings[o.Metadata.Name] = o.Data
		}
	}
	for _, o := range objects {
		pod := o.Spec.Template.Spec
		if len(pod.Containers) == 0 || !strings.Contains(pod.Containers[0].Image, "payaid") {
			continue
		}
		environment, found := settings[pod.Containers[0].EnvFrom[0].ConfigMapRef.Name]
		if !found {
			t.Fatalf("%s takes its settings from nowhere", o.Metadata.Name)
		}
		var environ, given []string
		for k, v := range environment {
			environ = append(environ, k+"="+strings.Replace(v, "/run/secrets/payaid", secrets, 1))
		}
		for _, v := range pod.Containers[0].Env {
			environ = append(environ, v.Name+"="+strings.Replace(v.Value, "/run/secrets/payaid", secrets, 1))
		}
		for _, item := range pod.Volumes[0].Secret.Items {
			given = append(given, secrets+"/"+item.Path)
		}
		c, err := config.Load(environ)
		if err != nil {
			t.Errorf("%s: %v", o.Metadata.Name, err)
			continue
		}
		var named []string
		for _, v := range environ {
			if k, file, _ := strings.Cut(v, "="); strings.HasSuffix(k, "_FILE") {
				named = append(named, file)
			}
		}
		slices.Sort(named)
		slices.Sort(given)
		if !slices.Equal(named, given) {
			t.Errorf("%s names the secrets %v and has %v", o.Metadata.Name, named, given)
		}
		name := o.Metadata.Name
		if !c.IsProduction() || (c.DatabaseOwnerURL != "") != (name == "migrate" || name == "backup") || (c.BackupURL != "") != (name == "backup") {
			t.Errorf("%s: production %t, owner's URL %t, backup's URL %t", name, c.IsProduction(), c.DatabaseOwnerURL != "", c.BackupURL != "")
		}
	}
}

func TestKubernetesKeepsReplicasUp(t *testing.T) {
	objects, _ := renderObjects(t)
	for _, o := range objects {
		switch {
		case o.Kind == "Deployment" && o.Metadata.Name == "app":
			// drainTime and twice stopTimeout of cmd/web/serve.go.
			if pod := o.Spec.Template.Spec; pod.TerminationGracePeriodSeconds < 43 || pod.Containers[0].ReadinessProbe.HTTPGet.Path != "/readyz" || pod.Containers[0].LivenessProbe.HTTPGet.Path != "/healthz" {
				t.Error("a replica is killed too early, or for what another server does not do")
			}
			if o.Spec.Replicas != nil {
				t.Error("a number of replicas here undoes the autoscaler's with every apply")
			}
		case o.Kind == "HorizontalPodAutoscaler":
			// 22 connections each, of the 200 of the database; a worker and the backups need theirs.
			if o.Spec.MinReplicas < 2 || o.Spec.MaxReplicas*22 > 200-2*22 {
				t.Errorf("between %d and %d replicas", o.Spec.MinReplicas, o.Spec.MaxReplicas)
			}
		case o.Kind == "PodDisruptionBudget" && o.Spec.MaxUnavailable != 1:
			t.Errorf("%d replicas may be taken away at once", o.Spec.MaxUnavailable)
		}
	}
}

// The roles are those of deploy/postgres/roles.sh: only two see past row level security,
// and the application is neither.
func TestKubernetesMakesTheThreeRoles(t *testing.T) {
	objects, _ := renderObjects(t)
	i := slices.IndexFunc(objects, func(o object) bool { return o.Kind == "Cluster" })
	if i < 0 {
		t.Fatal("there is no database")
	}
	roles := map[string]string{}
	for _, r := range objects[i].Spec.Managed.Roles {
		var can []string
		if r.BypassRLS {
			can = append(can, "bypassrls")
		}
		if r.CreateDB {
			can = append(can, "createdb")
		}
		roles[r.Name] = strings.Join(append(can, r.InRoles...), " ")
	}
	want := map[string]string{"payaid_owner": "bypassrls createdb pg_signal_backend", "payaid_app": "", "payaid_backup": "bypassrls pg_read_all_data"}
	for name, can := range want {
		if got, made := roles[name]; !made || got != can {
			t.Errorf("%s can %q, want %q", name, got, can)
		}
	}
	if len(roles) != len(want) {
		t.Errorf("roles %v", roles)
	}
}
