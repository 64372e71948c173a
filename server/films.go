package server

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	slashed "path"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/downbeat-sync/downbeat/api"
)

// films are the media below a directory that the server was started with. Links that lead
// out of it, hidden files and whatever is no medium don't exist.
type films struct{ root *os.Root }

const (
	filmsListed  = 1000
	filmsLooked  = 20_000 // entries of the directory and those below it
	filmsDeep    = 4
	mostOfAFilms = 8 // subtitles, as load_media takes
)

// mediaTypes are what is sent, by the ending of a name.
var mediaTypes = map[string]string{
	".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska", ".ogv": "video/ogg",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".aac": "audio/aac", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg",
	".wav": "audio/wav", ".flac": "audio/flac", ".weba": "audio/webm",
}

const subtitleType = "text/vtt; charset=utf-8"

// openFilms opens a directory of films; without one there are none, nil.
func openFilms(dir string) (*films, error) {
	if dir == "" {
		return nil, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, wrong("{Media} %s: %w", dir, plainPathError(err))
	}
	return &films{root}, nil
}

func (f *films) offered() api.Films {
	if f == nil {
		return nil
	}
	return f
}

func plainPathError(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// Open implements api.Films.
func (f *films) Open(name string) (*os.File, string, error) {
	mediaType := typeOf(name)
	if mediaType == "" || hidden(name) {
		return nil, "", fs.ErrNotExist
	}
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would keep whoever opens it waiting
	return file, mediaType, err
}

func typeOf(name string) string {
	ending := strings.ToLower(slashed.Ext(name))
	if ending == ".vtt" {
		return subtitleType
	}
	return mediaTypes[ending]
}

func hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
}

// List implements api.Films.
func (f *films) List() ([]api.Film, error) {
	found := map[string]int64{}
	looked := 0
	err := fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		looked++
		switch {
		case err != nil && name == ".":
			return err
		case err != nil, d.IsDir() && (name != "." && hidden(name) || strings.Count(name, "/") >= filmsDeep-1):
			return skip(d)
		case looked > filmsLooked || len(found) >= filmsListed*2:
			return fs.SkipAll
		case d.IsDir() || hidden(name) || typeOf(name) == "":
			return nil
		}
		if is, err := f.root.Stat(name); err == nil && is.Mode().IsRegular() { // through links that stay inside
			found[name] = is.Size()
		}
		return nil
	})
	return listOf(found), err
}

// skip goes on after what can't be read, or isn't to be.
func skip(d fs.DirEntry) error {
	if d != nil && d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func listOf(found map[string]int64) []api.Film {
	list := []api.Film{}
	for name, size := range found {
		if mediaType := typeOf(name); mediaType != subtitleType {
			title := strings.TrimSuffix(slashed.Base(name), slashed.Ext(name))
			list = append(list, api.Film{Name: name, Title: title, Type: mediaType, Size: size, Subtitles: subtitlesOf(found, name)})
		}
	}
	slices.SortFunc(list, func(a, b api.Film) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return list[:min(len(list), filmsListed)]
}

// languageOf is what a file of subtitles has between its film's name and its ending.
var languageOf = regexp.MustCompile(`^(?:\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?\.vtt$`)

// subtitlesOf finds film.vtt and film.en.vtt of film.mp4.
func subtitlesOf(found map[string]int64, film string) (list []api.FilmSubtitle) {
	stem := strings.TrimSuffix(film, slashed.Ext(film))
	for name := range found {
		rest, ok := strings.CutPrefix(name, stem)
		if m := languageOf.FindStringSubmatch(rest); ok && m != nil {
			list = append(list, api.FilmSubtitle{Name: name, Language: m[1]})
		}
	}
	slices.SortFunc(list, func(a, b api.FilmSubtitle) int { return strings.Compare(a.Name, b.Name) })
	return list[:min(len(list), mostOfAFilms)]
}
