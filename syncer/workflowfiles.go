// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// workflowFiles are the workflow files of a commit of a source. They decide about nothing:
// a problem is only shown.
type workflowFiles struct {
	// commit is empty if the files must be read again.
	commit gitsource.Commit
	// read are the files by content, byWorkflow those of each workflow.
	read       map[blob]workflowFile
	byWorkflow map[string]workflowFile
	// problem is why no file could be read.
	problem string
}

// workflowFile is what is known of the file of a workflow.
type workflowFile struct {
	references []report.Reference
	uses       uses
	// problems are sentences about the file.
	problems []string
	// read means that it was read, and failed that there is one that was not.
	read, failed bool
}

// of is what is known of the file of a workflow.
func (f workflowFiles) of(workflow string) workflowFile {
	if f.problem != "" {
		return workflowFile{problems: []string{f.problem}, failed: true}
	}
	return f.byWorkflow[workflow]
}

// readWorkflowFiles reads the workflow files of the commit of a sync, unless they are known.
// The sync has checked the signature of the commit.
func (c *Controller) readWorkflowFiles(ctx context.Context, cfg config.Source, at location, r report.Report) {
	known := c.inventory.filesOf(cfg.Name)
	if len(cfg.WorkflowFiles) == 0 || r.Commit != at.commit || known.commit == at.commit {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	s := &source{Source: cfg, location: at}
	files, err := s.workflowFiles(ctx, known)
	if err != nil {
		// Of the repository as a whole: read again after the next sync.
		files = workflowFiles{problem: foreign.Short(fmt.Sprintf("read the workflow files of source %q: %v", cfg.Name, err))}
		if tooLarge(err) {
			files.commit = at.commit
		}
		c.Warn(files.problem)
	}
	c.inventory.postFiles(cfg, files)
}

// workflowFiles reads the workflow files of the commit. The error is about all of them.
func (s *source) workflowFiles(ctx context.Context, known workflowFiles) (workflowFiles, error) {
	files, err := s.listWorkflowFiles(ctx)
	if err != nil {
		return workflowFiles{}, err
	}
	out := workflowFiles{commit: s.commit, read: map[blob]workflowFile{}, byWorkflow: map[string]workflowFile{}}
	var missing []gitsource.File
	count := 0
	for _, f := range files {
		if read, is := known.read[blobOf(f)]; is {
			out.read[blobOf(f)] = read
			count += len(read.references)
		} else {
			missing = append(missing, f)
		}
	}
	err = s.repo.Read(ctx, missing, workflowfile.MaxBytes, func(f gitsource.File, data []byte, err error) error {
		read := s.readWorkflowFile(f, data, err)
		out.read[blobOf(f)] = read
		if count += len(read.references); count > s.Limits.Secrets {
			return &limitError{s.commitTitle(), fmt.Sprintf("at least %d references in workflow files", count), "limits.secrets", int64(s.Limits.Secrets)}
		}
		return ctx.Err()
	})
	if err != nil {
		return workflowFiles{}, err
	}
	paths := map[string][]string{}
	for _, f := range files {
		workflow := report.WorkflowOf(f.Path)
		paths[workflow] = append(paths[workflow], f.String())
		out.byWorkflow[workflow] = out.read[blobOf(f)]
	}
	for workflow, same := range paths {
		if len(same) > 1 {
			text := fmt.Sprintf("%s are all of workflow %s, by their file names; exclude all but one in workflow_files of source %s", problem.Listed(same), workflow, s.Name)
			out.byWorkflow[workflow] = workflowFile{problems: []string{foreign.Line(text)}, failed: true}
		}
	}
	return out, nil
}

// listWorkflowFiles lists the files of the source's workflows, within its limits.
func (s *source) listWorkflowFiles(ctx context.Context) ([]gitsource.File, error) {
	files, err := s.repo.Files(ctx, s.commit, s.WorkflowFiles)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f gitsource.File) bool { return !slices.Contains(s.Workflows, report.WorkflowOf(f.Path)) })
	return files, s.checkSize(files, "workflow files")
}

// maxFileProblems limits the problems of a workflow file.
const maxFileProblems = 5

// readWorkflowFile reads a file, or returns why it could not be read.
func (s *source) readWorkflowFile(f gitsource.File, data []byte, err error) workflowFile {
	var file *workflowfile.File
	if err == nil {
		if file, err = workflowfile.Read(data); err != nil {
			err = fmt.Errorf("%s: %w", f, err)
		}
	}
	if err != nil {
		return workflowFile{problems: []string{foreign.Short(err.Error())}, failed: true}
	}
	out := workflowFile{read: true, references: make([]report.Reference, len(file.References))}
	for i, r := range file.References {
		out.references[i] = report.Reference{
			Source: s.Name, Kind: r.Kind, Type: cutName(r.Type), Name: cutName(r.Name), All: r.All, Dynamic: r.Dynamic, Optional: r.Optional,
			UserKind: r.User.Kind, User: r.User.Name, Field: r.Field, File: f.Path, Line: r.Line,
		}
	}
	out.uses = usesOf(out.references)
	for i, p := range file.Problems {
		if i == maxFileProblems {
			out.problems = append(out.problems, fmt.Sprintf("%s: %d more problems", f, len(file.Problems)-i))
			break
		}
		out.problems = append(out.problems, foreign.Short(fmt.Sprintf("%s: %s", f, p)))
	}
	return out
}

// maxName limits the name of a reference: more than a secret can have.
const maxName = 200

func cutName(name string) string { return strings.ToValidUTF8(name[:min(len(name), maxName)], "") }
