//! States and provinces by their short forms.
//!
//! Owns the federal states whose names and abbreviations both occur in addresses: United States,
//! Canada, Australia, Germany, Austria, Switzerland (the larger), Brazil, Mexico, India, United
//! Kingdom's nations. Refuses to say which country a short form is of.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

static SHORT: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut short = FxHashMap::default();
    for line in REGIONS.split('\n') {
        let mut forms = line.split(',');
        let Some(first) = forms.next() else { continue };
        for form in forms {
            short.entry(form).or_insert(first);
        }
    }
    short
});

/// The short form of a folded region's name; `None` when it is one already or not known.
pub(crate) fn short(folded: &str) -> Option<&'static str> {
    SHORT.get(folded).copied()
}

const REGIONS: &str = "\
al,alabama,ala
ak,alaska
az,arizona,ariz
ar,arkansas,ark
ca,california,calif,cal
co,colorado,colo
ct,connecticut,conn
de,delaware,del
dc,district of columbia,washington dc,washington d c,d c
fl,florida,fla
ga,georgia
hi,hawaii
id,idaho
il,illinois,ill
in,indiana,ind
ia,iowa
ks,kansas,kans
ky,kentucky
la,louisiana
me,maine
md,maryland
ma,massachusetts,mass
mi,michigan,mich
mn,minnesota,minn
ms,mississippi,miss
mo,missouri
mt,montana,mont
ne,nebraska,nebr,neb
nv,nevada,nev
nh,new hampshire,n h
nj,new jersey,n j
nm,new mexico,n m
ny,new york,n y,new york state
nc,north carolina,n c
nd,north dakota,n d
oh,ohio
ok,oklahoma,okla
or,oregon,ore
pa,pennsylvania,penn,penna
pr,puerto rico
ri,rhode island,r i
sc,south carolina,s c
sd,south dakota,s d
tn,tennessee,tenn
tx,texas,tex
ut,utah
vt,vermont
va,virginia
wa,washington,wash,western australia,w a
wv,west virginia,w va,w v
wi,wisconsin,wis,wisc
wy,wyoming,wyo
ab,alberta,alta
bc,british columbia,b c
mb,manitoba
nb,new brunswick,n b
nl,newfoundland and labrador,newfoundland
ns,nova scotia,n s
on,ontario,ont
pe,prince edward island,pei
qc,quebec,que
sk,saskatchewan,sask
yt,yukon
nt,northern territory,northwest territories
nsw,new south wales,n s w
qld,queensland
sa,south australia
tas,tasmania
vic,victoria
act,australian capital territory,a c t
bw,baden wurttemberg,baden wuerttemberg
by,bayern,bavaria
be,berlin
bb,brandenburg
hb,bremen
hh,hamburg
he,hessen,hesse
mv,mecklenburg vorpommern
ni,niedersachsen,lower saxony
nw,nordrhein westfalen,north rhine westphalia,nrw
rp,rheinland pfalz,rhineland palatinate
sl,saarland
sn,sachsen,saxony
st,sachsen anhalt,saxony anhalt
sh,schleswig holstein
th,thuringen,thueringen,thuringia
wien,vienna
eng,england
sct,scotland
wls,wales
nir,northern ireland
sp,sao paulo
rj,rio de janeiro
mg,minas gerais
rs,rio grande do sul
ba,bahia
df,distrito federal
cdmx,ciudad de mexico,mexico city,mexico df
jal,jalisco
nle,nuevo leon
mh,maharashtra
ka,karnataka
tnd,tamil nadu
dl,delhi
up,uttar pradesh
gj,gujarat
wb,west bengal
tg,telangana
zh,zurich
ge,geneve,geneva,genf
vd,vaud,waadt";
